# shellcheck shell=bash
# The app's own API. Each function has a key of its own, which never stands in an argument. Sourced.

# find_app: sets host. For a Flex Consumption app az shows the resource as it is; for others, and formerly, flattened.
find_app() {
    local flat
    IFS=$'\t' read -r flat host < <(azure functionapp show --resource-group "$resource_group" --name "$app" \
        --query '[[defaultHostName,properties.defaultHostName]]') || refused "$app" role_website
    if [[ $host == None ]]; then host=$flat; fi
    [[ $host =~ ^[A-Za-z0-9.-]+$ ]] || fail "$FAILED" az_failed 'az functionapp show' "$host"
}

# key_of FUNCTION: its own key, into a file that --headers reads.
key_of() {
    local key
    [[ ! -e $work/headers-$1 ]] || return 0
    key=$(azure functionapp function keys list --resource-group "$resource_group" --name "$app" --function-name "$1" \
        --query 'to_string([default])') || return 1
    key=${key#[}
    printf '{"x-functions-key": %s}' "${key%]}" >"$work/headers-$1"
}

# api FUNCTION PATH QUERY [METHOD]: one request with the key of that function.
api() {
    key_of "$1" || return 1
    azure rest --method "${4:-GET}" --url "https://$host/$2" --skip-authorization-header \
        --headers "@$(native "$work/headers-$1")" --query "$3"
}

# health_version: the version that the app reports.
health_version() {
    local found
    found=$(api read_health api/health 'to_string([version])') && exact "$found"
}
