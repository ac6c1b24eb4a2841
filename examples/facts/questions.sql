-- An organization's questions, asked of the facts of all its repositories as they are: lines of JSON in a folder.
--
--   duckdb -cmd "SET VARIABLE facts = 'facts/*.jsonl'" -f questions.sql
--
-- `read_json` reads .jsonl.gz, too. docs/facts.md describes the columns, and how Athena and Spark read the same files.

-- All rows as one table. Lines of the kinds `resource`, `module`, `script-key` and `state` are for rootlint: no column of theirs is asked for.
CREATE OR REPLACE TEMP TABLE lines AS
SELECT DISTINCT *
FROM read_json(getvariable('facts'), format = 'newline_delimited', columns = {
    kind: 'VARCHAR', scan: 'VARCHAR', repository: 'VARCHAR', commit: 'VARCHAR',
    -- the first line of a scan
    "time": 'TIMESTAMPTZ', errors: 'STRUCT(code VARCHAR, path VARCHAR, line BIGINT)[]',
    -- where
    project: 'VARCHAR', address: 'VARCHAR', path: 'VARCHAR', line: 'BIGINT', possible: 'VARCHAR',
    -- the tree
    names: 'VARCHAR[]', name: 'VARCHAR', id: 'VARCHAR', parent: 'VARCHAR[]', managed: 'BOOLEAN',
    -- policies, attachments, controls
    policy: 'VARCHAR[]', target: 'VARCHAR[]', verdict: 'VARCHAR', reason: 'VARCHAR', witness: 'VARCHAR', decided: 'VARCHAR',
    -- users and keys
    block: 'VARCHAR', user_name: 'VARCHAR', root: 'BOOLEAN', active: 'BOOLEAN', account: 'VARCHAR', script: 'BOOLEAN',
    -- rotation
    what: 'VARCHAR', effect: 'VARCHAR', reach: 'VARCHAR', users: 'VARCHAR[]', blocks: 'VARCHAR[]', excluded: 'VARCHAR[]',
    exempt_group: 'VARCHAR', days: 'DOUBLE', inert: 'VARCHAR', doubt: 'VARCHAR', vague: 'BOOLEAN',
    -- monitors
    sees: 'VARCHAR[]', unsure: 'VARCHAR[]', never: 'VARCHAR', everywhere: 'BOOLEAN',
    -- what is not known
    about: 'VARCHAR', symbol: 'VARCHAR', missing: 'VARCHAR', why: 'VARCHAR'
})
WHERE kind NOT IN ('resource', 'module', 'script-key', 'state');

-- Of several scans of one repository the latest counts.
CREATE OR REPLACE TEMP TABLE scans AS
SELECT repository, scan, commit, time, errors
FROM lines
WHERE kind = 'repository'
QUALIFY row_number() OVER (PARTITION BY repository ORDER BY time DESC, scan DESC) = 1;

CREATE OR REPLACE TEMP TABLE facts AS
SELECT lines.* FROM lines SEMI JOIN scans USING (repository, scan);

-- The tree. Things have several names: an id, and what they are called in code. The first stands for all of them; a root is a root,
-- as this is about one organization.
CREATE OR REPLACE TEMP TABLE nodes AS
WITH roots AS (SELECT DISTINCT unnest(names) AS name FROM facts WHERE kind = 'organization'),
named AS (
    SELECT unnest(names) AS name, names[1] AS node FROM facts WHERE kind IN ('unit', 'account')
    UNION ALL SELECT name, 'root' FROM roots
)
SELECT name, min(node) AS node FROM named GROUP BY name;

CREATE OR REPLACE TEMP MACRO node_of(called) AS (
    CASE WHEN starts_with(called, 'r-') THEN 'root' ELSE coalesce((SELECT node FROM nodes WHERE nodes.name = called), called) END
);

CREATE OR REPLACE TEMP TABLE above AS
SELECT kind, repository, path, address, node_of(names[1]) AS node,
    -- An account without a parent stays where AWS puts it.
    CASE WHEN parent IS NULL AND kind = 'account' THEN 'root' ELSE node_of(parent[1]) END AS parent
FROM facts
WHERE kind IN ('unit', 'account');

-- What one policy or control says at a place of the tree.
CREATE OR REPLACE TEMP TABLE guards AS
WITH policies AS (
    SELECT unnest(names) AS name, verdict, reason, repository, coalesce(decided, path || ':' || line) AS place FROM facts WHERE kind = 'policy'
), attached AS (
    SELECT unnest(policy) AS name, node_of(target[1]) AS node FROM facts WHERE kind = 'attachment'
)
SELECT DISTINCT node, verdict, reason, repository, place FROM attached JOIN policies USING (name)
UNION
SELECT node_of(target[1]), verdict, reason, repository, coalesce(decided, path || ':' || line) FROM facts WHERE kind = 'control'
UNION
-- A policy that no repository declares may say anything.
SELECT node, 'unknown', name || ' is declared nowhere', NULL, NULL
FROM (SELECT policy[1] AS name, node_of(target[1]) AS node FROM facts WHERE kind = 'attachment') AS attached
ANTI JOIN policies USING (name)
WHERE name IS DISTINCT FROM 'p-FullAWSAccess';

-- 1. Which accounts' root users are not denied a key?
CREATE OR REPLACE TEMP TABLE accounts AS
WITH RECURSIVE way AS (
    SELECT repository, path, address, node, parent, 0 AS steps FROM above WHERE kind = 'account'
    UNION ALL
    SELECT way.repository, way.path, way.address, above.node, above.parent, steps + 1
    FROM way JOIN above ON above.node = way.parent AND above.kind = 'unit'
    WHERE steps < 16
), stations AS (
    SELECT repository, path, address, node FROM way
    -- The last parent: the root, or a unit that no repository declares.
    UNION SELECT repository, path, address, parent FROM way
)
SELECT stations.repository, path, address,
    CASE
        WHEN bool_or(verdict = 'denied') THEN 'denied'
        WHEN bool_or(verdict IN ('unknown', 'invalid')) OR NOT bool_or(node = 'root') THEN 'unknown'
        WHEN bool_or(verdict = 'conditional') THEN 'conditional'
        ELSE 'not-denied'
    END AS verdict,
    min(guards.repository || '//' || place) FILTER (verdict = 'denied') AS denied_by
FROM stations LEFT JOIN guards USING (node)
GROUP BY stations.repository, path, address;

-- 2. Which active keys of users does nothing rotate in 90 days?
CREATE OR REPLACE TEMP TABLE rotating AS
SELECT * FROM facts
WHERE kind = 'rotation' AND effect IN ('rotates', 'revokes')
    AND inert IS NULL AND doubt IS NULL AND NOT vague AND exempt_group IS NULL AND coalesce(days, 0) <= 90;

CREATE OR REPLACE TEMP TABLE keys AS
SELECT repository, project, path, line, address, block, user_name, account, root, active FROM facts
WHERE kind = 'key';

CREATE OR REPLACE TEMP TABLE unrotated AS
SELECT * FROM keys
WHERE root IS NOT TRUE AND active IS NOT FALSE
    -- by account
    AND NOT EXISTS (
        FROM rotating AS r WHERE r.account = keys.account AND r.reach = 'account')
    -- by project, where an account is not known
    AND NOT EXISTS (
        FROM rotating AS r WHERE r.repository = keys.repository AND r.project = keys.project AND r.reach = 'account'
            AND (r.account IS NULL OR keys.account IS NULL))
    -- by organization
    AND NOT EXISTS (
        FROM rotating AS r WHERE r.reach = 'organization'
            AND (len(r.excluded) = 0 OR keys.account IS NOT NULL AND NOT list_contains(r.excluded, keys.account)
                AND NOT list_contains(list_transform(r.excluded, lambda one: one IS NULL), true)))
    -- by user
    AND NOT EXISTS (
        FROM (SELECT *, lower(unnest(users)) AS reached FROM rotating WHERE reach = 'users') AS r
        WHERE r.reached = lower(keys.user_name)
            AND (r.account = keys.account OR r.repository = keys.repository AND r.project = keys.project
                AND (r.account IS NULL OR keys.account IS NULL)))
    -- by key
    AND NOT EXISTS (
        FROM (SELECT *, unnest(blocks) AS reached FROM rotating WHERE reach = 'keys') AS r
        WHERE r.repository = keys.repository AND r.project = keys.project AND r.reached = keys.block
            AND (r.account IS NULL OR keys.account IS NULL OR r.account = keys.account));

-- 3. Which keys are meant for root, or may be?
CREATE OR REPLACE TEMP TABLE root_keys AS
SELECT * FROM keys WHERE root IS NOT FALSE;

-- 4. Which repositories deploy to accounts in which nobody would notice root?
CREATE OR REPLACE TEMP TABLE unwatched AS
WITH watched AS (SELECT * FROM facts WHERE kind = 'monitor' AND never IS NULL AND len(sees) > 0),
deployed AS (SELECT DISTINCT repository, account FROM facts WHERE kind IN ('user', 'key') AND account IS NOT NULL)
SELECT repository, count(*) AS accounts, min(account) AS one_of_them
FROM deployed
WHERE NOT EXISTS (FROM watched WHERE watched.everywhere OR watched.account = deployed.account)
GROUP BY repository;

-- 5. What is not known?
CREATE OR REPLACE TEMP TABLE unknowns AS
SELECT repository, path, line, address, about, missing, why FROM facts WHERE kind = 'unknown'
UNION ALL
SELECT repository, path, line, address, kind, NULL, reason FROM facts WHERE kind IN ('policy', 'control') AND verdict IN ('unknown', 'invalid')
UNION ALL
SELECT repository, path, line, address, kind, NULL, doubt FROM facts WHERE kind = 'rotation' AND doubt IS NOT NULL
UNION ALL
SELECT repository, path, line, address, 'parent', facts.parent[1], 'no repository declares it'
FROM facts
WHERE kind IN ('unit', 'account') AND node_of(facts.parent[1]) <> 'root'
    AND NOT EXISTS (FROM nodes WHERE nodes.name = facts.parent[1])
UNION ALL
SELECT scans.repository, error.path, error.line, NULL, 'file', error.code, 'could not be read'
FROM scans, unnest(errors) AS unnested(error);

SELECT verdict, count(*) AS accounts FROM accounts GROUP BY ALL ORDER BY ALL;
SELECT repository, account, count(*) AS unrotated FROM unrotated GROUP BY ALL ORDER BY unrotated DESC, repository, account LIMIT 10;
SELECT repository, path, line, address, root FROM root_keys ORDER BY ALL LIMIT 10;
SELECT * FROM unwatched ORDER BY accounts DESC, repository LIMIT 10;
SELECT * FROM unknowns ORDER BY ALL LIMIT 10;
