#!/usr/bin/env bash
# Runs rootlint once and reports everything; the last step fails the job. Inputs come in ROOTLINT_*.
set -euo pipefail

reports=$RUNNER_TEMP/rootlint
mkdir -p "$reports"
arguments=(check)

fail() {
    printf '::error title=rootlint::%s\n' "$1"
    exit 2
}

# Adds an option if its input is given.
option() {
    if [ -n "$2" ]; then
        arguments+=("$1=$2")
    fi
}

# Adds an option for each line of its input.
each() {
    local line
    while IFS= read -r line; do
        line=${line%$'\r'}
        option "$1" "$line"
    done <<<"$2"
}

# Adds a switch if its input says so.
switch() {
    case $3 in
        true) arguments+=("$1") ;;
        false | "") ;;
        *) fail "$2 is true or false" ;;
    esac
}

# Whether an input that is true or false is true.
is_true() {
    case $2 in
        true) return 0 ;;
        false) return 1 ;;
        *) fail "$1 is true or false" ;;
    esac
}

# The ref that an input names. `base` is the commit that a pull request goes into, fetched if it is not there; anywhere else
# there is none, and what is checked out speaks for itself.
ref() {
    if [ "$1" != base ]; then
        printf '%s' "$1"
        return
    fi
    if [ -n "$BASE_COMMIT" ]; then
        fetch "$BASE_COMMIT"
        printf '%s' "$BASE_COMMIT"
    fi
}

fetch() {
    if git cat-file -e "$1^{commit}" 2>/dev/null; then
        return
    fi
    local authorization
    authorization=$(printf 'x-access-token:%s' "$ROOTLINT_TOKEN" | base64 | tr -d '\n')
    # In the environment, so that no list of processes shows it.
    GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.extraheader GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $authorization" \
        git fetch --quiet --no-tags --depth=1 origin "$1" >&2
}

# A number of the report's summary, which is the only place where such a line stands so far to the left.
count() {
    sed -n "s/^    \"$1\": \([0-9][0-9]*\),\{0,1\}\$/\1/p" "$reports/report.json" | tail -n 1
}

option --fail-on "$ROOTLINT_FAIL_ON"
option --min-confidence "$ROOTLINT_MIN_CONFIDENCE"
switch --strict strict "$ROOTLINT_STRICT"
switch --allow-incomplete allow-incomplete "$ROOTLINT_ALLOW_INCOMPLETE"
option --only "$ROOTLINT_ONLY"
option --skip "$ROOTLINT_SKIP"
each --exclude "$ROOTLINT_EXCLUDE"
option --config "$ROOTLINT_CONFIG"
each --plan "$ROOTLINT_PLAN"
each --var-file "$ROOTLINT_VAR_FILE"
each --parameter-overrides "$ROOTLINT_PARAMETER_OVERRIDES"
option --workspace "$ROOTLINT_WORKSPACE"
option --root "$ROOTLINT_ROOT"
waivers_from=$(ref "$ROOTLINT_WAIVERS_FROM")
option --waivers-from "$waivers_from"
option --baseline "$ROOTLINT_BASELINE"
diff_base=$(ref "$ROOTLINT_DIFF_BASE")
option --diff-base "$diff_base"
option --category "$ROOTLINT_CATEGORY"
each --format "$ROOTLINT_FORMAT"
option --format "json=$reports/report.json"
option --format "sarif=$reports/report.sarif"
if is_true annotations "$ROOTLINT_ANNOTATIONS"; then
    option --format github
else
    option --format human
fi
if is_true summary "$ROOTLINT_SUMMARY"; then
    option --format "markdown=$GITHUB_STEP_SUMMARY"
fi
arguments+=(--)
while IFS= read -r path; do
    path=${path%$'\r'}
    if [ -n "$path" ]; then
        arguments+=("$path")
    fi
done <<<"$ROOTLINT_PATH"

code=0
rootlint "${arguments[@]}" || code=$?

upload=false
if [ "$code" -eq 0 ] || [ "$code" -eq 1 ] || [ "$code" -eq 3 ]; then
    case $ROOTLINT_UPLOAD in
        auto)
            # The token of a pull request from a fork, or of Dependabot's, may only read.
            if [ "$HEAD_REPOSITORY" = "$GITHUB_REPOSITORY" ] && [ "${GITHUB_ACTOR:-}" != "dependabot[bot]" ]; then
                upload=true
            fi
            ;;
        true) upload=true ;;
        false) ;;
        *) fail "upload-sarif is auto, true or false" ;;
    esac
    findings=$(sed -n 's/^      "\(critical\|high\|medium\|low\|info\)": \([0-9][0-9]*\),\{0,1\}$/\2/p' "$reports/report.json" |
        awk '{ sum += $1 } END { print sum + 0 }')
    {
        printf 'findings=%s\n' "$findings"
        printf 'new-findings=%s\n' "$(grep -c '^      "state": "new"' "$reports/report.json" || true)"
        printf 'undecided=%s\n' "$(count undecided)"
        printf 'waived=%s\n' "$(count waived)"
        printf 'report-json=%s\n' "$reports/report.json"
        printf 'sarif-file=%s\n' "$reports/report.sarif"
    } >>"$GITHUB_OUTPUT"
fi
{
    printf 'exit-code=%s\n' "$code"
    printf 'upload=%s\n' "$upload"
} >>"$GITHUB_OUTPUT"
