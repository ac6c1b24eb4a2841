// Asks the simulator about concrete requests: one JSON document a line in, one list of truth values (denied?) a line out.
//
//   node simulate.mjs FOLDER < QUESTIONS
//
// A question is {"levels": [[policy, ...], ...], "requests": [{key: [value, ...], ...}, ...]}.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const entry = resolve(process.argv[2], 'node_modules/@cloud-copilot/iam-simulate/dist/esm/index.js');
const { runUnsafeSimulation } = await import(pathToFileURL(entry));

// The keys that hold lists; all others hold one value.
const LISTS = new Set(['aws:calledvia', 'aws:principalorgpaths']);
// Root may do everything; only the service control policies can deny.
const EVERYTHING = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

function isDenied(levels, values) {
  const account = values['aws:principalaccount'][0];
  const root = `arn:aws:iam::${account}:root`;
  const context = Object.entries(values).map(([key, list]) => [key, LISTS.has(key) ? list : list[0]]);
  const answer = runUnsafeSimulation({
    request: {
      principal: root,
      action: 'iam:CreateAccessKey',
      resource: { accountId: account, resource: root },
      contextVariables: Object.fromEntries(context)
    },
    identityPolicies: [{ name: 'root', policy: EVERYTHING }],
    resourceControlPolicies: [],
    serviceControlPolicies: levels.map((policies, level) => ({
      orgIdentifier: `level-${level}`,
      policies: policies.map((policy, index) => ({ name: `policy-${index}`, policy }))
    }))
  }, {});
  return answer !== 'Allowed';
}

for await (const line of createInterface({ input: process.stdin })) {
  const { levels, requests } = JSON.parse(line);
  console.log(JSON.stringify(requests.map((values) => isDenied(levels, values))));
}
