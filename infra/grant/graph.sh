# shellcheck shell=bash
# Microsoft Graph and Azure through az, and what a refusal means. Sourced after say.sh.

RIGHT_MISSING=3
LOOKS=6 PAUSE=5 # Entra is given half a minute to spread a change

# sign_in: who is signed in, to which tenant, and where that cloud has its Graph.
sign_in() {
    IFS=$'\t' read -r signed_in_tenant caller < <(azure account show --query '[[tenantId,to_string([user.name])]]') ||
        fail "$FAILED" not_signed_in "$(az_error)"
    take_id signed_in_tenant "$signed_in_tenant"
    caller=$(unpacked "$caller")
    graph_url=$(azure cloud show --query endpoints.microsoftGraphResourceId) ||
        fail "$FAILED" az_failed 'az cloud show' "$(az_error)"
    graph_url=${graph_url%/}
}

# azure WORD…: az with its answer as lines of tab-separated values; what it complains about goes to $work/error.
azure() { az "$@" --only-show-errors --output tsv </dev/null 2>"$work/error" | tr -d '\r'; }

# graph METHOD PATH [WORD…]: one request; PATH is below /v1.0/.
graph() {
    local method=$1 path=$2
    shift 2
    azure rest --method "$method" --url "$graph_url/v1.0/$path" "$@"
}

# listed PATH CELLS: a list in whole, page by page, into $work/listed: a line for each item, of its cells. Not 0 where a page
# cannot be read: half a list of owners is none.
listed() {
    local next=$1 first
    : >"$work/listed"
    while [[ -n $next ]]; do
        graph GET "$next" --query "[[to_string([\"@odata.nextLink\"])],value[].[$2]][]" >"$work/page" || return 1
        sed 1d "$work/page" >>"$work/listed"
        read -r first <"$work/page" || return 1
        if [[ $first == '[null]' ]]; then return 0; fi
        next=$(exact "$first") || next=''
        [[ $next == "$graph_url/v1.0/"* ]] || fail "$FAILED" az_failed "GET $1" "$first"
        next=${next#"$graph_url/v1.0/"}
    done
}

# expect WHAT PATTERN: is every line of $work/listed of that form? What is not understood ends the script.
expect() {
    if grep -vE -m 1 "$2" "$work/listed" >"$work/odd"; then fail "$FAILED" az_failed "$1" "$(head -n 1 "$work/odd")"; fi
}

# patiently WORD…: again while Entra has not spread what the request is about ("does not exist" right after it was made).
patiently() {
    local look
    for ((look = 1; look <= LOOKS; look++)); do
        if "$@"; then return 0; fi
        grep -qE 'ResourceNotFound|does not exist|Not a valid reference update' "$work/error" || return 1
        ((look == LOOKS)) || sleep "$PAUSE"
    done
    return 1
}

az_error() { shown "$(tr '\n' ' ' <"$work/error")" 600; }

# denied: did the last request fail for lack of a right?
denied() {
    grep -qE 'Authorization_RequestDenied|AuthorizationFailed|Forbidden|Insufficient privileges|accessDenied' "$work/error"
}

# refused WHAT ROLE: end the script over a failed request; if a right is missing, name the role (a text's key) that has it.
refused() {
    if denied; then
        fail "$RIGHT_MISSING" right_missing "$caller" "$(say "$2")" "$1" "$tenant" "$(az_error)"
    elif grep -qE 'AADSTS[0-9]+|az login|InteractionRequired|TokenIssuedBeforeRevocation' "$work/error"; then
        fail "$FAILED" sign_in_again "$tenant" "$(az_error)"
    fi
    fail "$FAILED" az_failed "$1" "$(az_error)"
}
