# shellcheck shell=bash
# For one connection: consent by a person (--consent), and taking over the application of an earlier identity (--adopt). Sourced.

IMAP_ROLE=IMAP.AccessAsApp
IMAP_ROLE_ID=5e5addcd-3e8d-4e90-baf5-964efab2b20a

# find_application NAME: sets application (object id) and application_id; whose it is, is in $work/owners.
find_application() {
    local path="applications(uniqueName='utm-mail-connect-$1')"
    if ! graph GET "$path?\$select=id,appId,createdDateTime,displayName" \
        --query '[[id,appId,createdDateTime,displayName]]' >"$work/application"; then
        ! grep -q 'ResourceNotFound' "$work/error" || fail "$FAILED" no_application "$1" "utm-mail-connect-$1"
        refused "GET $path" role_directory_reader
    fi
    IFS=$'\t' read -r application application_id application_made application_name <"$work/application"
    read_owners
}

read_owners() {
    graph GET "applications/$application/owners?\$select=id,displayName" --query 'value[].[id,displayName]' >"$work/owners" ||
        refused "GET applications/$application/owners" role_directory_reader
}

owned_by_identity() { cut -f 1 "$work/owners" | grep -xiF "$identity" >/dev/null; }

# consent NAME: what the portal's "Grant admin consent" does, for the one permission that a connection needs.
consent() {
    find_application "$1"
    owned_by_identity || fail "$FAILED" foreign_application "$application_name" "$identity" "$1"
    if find_consent; then
        say consent_there "$application_name"
        return
    fi
    say consent_what "$application_name" "$application_id" "$application_made"
    if [[ -n $what_if ]]; then return; fi
    confirm consent_ask
    open_record "consent $1"
    note intent "$IMAP_ROLE_ID" "$IMAP_ROLE" "$1"
    assignment=$(patiently graph POST "servicePrincipals/$exchange_sp/appRoleAssignedTo" --query id --body \
        "{\"principalId\":\"$client_sp\",\"resourceId\":\"$exchange_sp\",\"appRoleId\":\"$IMAP_ROLE_ID\"}") ||
        refused "$IMAP_ROLE" role_cloud_application
    note granted "$IMAP_ROLE_ID" "$IMAP_ROLE" "$1" "$assignment" "$(now)"
    eventually find_consent
    say consent_given "$application_name"
}

# find_consent: sets client_sp, exchange_sp and assignment (empty: no consent yet); not 0 where there is none.
find_consent() {
    local path="servicePrincipals?\$filter=appId%20eq%20'$application_id'&\$select=id"
    client_sp=$(graph GET "$path" --query 'value[].id') || refused "GET $path" role_directory_reader
    [[ -n $client_sp ]] || fail "$FAILED" no_enterprise_application "$application_name"
    find_resource "$EXCHANGE_APP"
    exchange_sp=$resource
    grep -qxF "$IMAP_ROLE"$'\t'"$IMAP_ROLE_ID" "$work/roles" || fail "$FAILED" role_unexpected "$IMAP_ROLE" "$IMAP_ROLE_ID"
    assignment=$(graph GET "servicePrincipals/$client_sp/appRoleAssignments?\$top=999" \
        --query "value[?appRoleId=='$IMAP_ROLE_ID'].id") || refused "GET appRoleAssignments" role_directory_reader
    [[ -n $assignment ]]
}

# eventually WORD…: what was written is read back, for as long as Entra needs.
eventually() {
    local look
    for ((look = 1; look <= LOOKS; look++)); do
        if "$@"; then return; fi
        ((look == LOOKS)) || sleep "$PAUSE"
    done
    fail "$FAILED" not_read_back "$application_name"
}

# adopt NAME: the present identity becomes an owner; who owns it now, and its credentials, are shown before.
adopt() {
    find_application "$1"
    if owned_by_identity; then
        say adopted_already "$application_name"
        return
    fi
    show_application
    if [[ -n $what_if ]]; then return; fi
    confirm adopt_ask "$application_name" "$identity_name"
    open_record "adopt $1"
    note before "$(cut -f 1 "$work/owners" | tr '\n' ' ')"
    note intent owner "$identity" "$1"
    patiently graph POST "applications/$application/owners/\$ref" \
        --body "{\"@odata.id\":\"$graph_url/v1.0/directoryObjects/$identity\"}" ||
        grep -q 'already exist' "$work/error" || refused "owners/\$ref" role_cloud_application
    note granted owner "$identity" "$1" "$application/$identity" "$(now)"
    eventually reread_ownership
    say adopted "$application_name"
}

reread_ownership() { read_owners && owned_by_identity; }

# Any member of a tenant may make an application of our name: who decides must see what it is.
show_application() {
    local tags
    tags=$(graph GET "applications/$application?\$select=tags" --query 'tags') || refused "GET applications" role_directory_reader
    grep -qxF utm-mail-connect <<<"$tags" || fail "$FAILED" not_tagged "$application_name"
    graph GET "applications/$application?\$select=passwordCredentials" \
        --query 'passwordCredentials[].[keyId,displayName,endDateTime]' >"$work/credentials" ||
        refused "GET applications" role_directory_reader
    say adopt_what "$application_name" "$application_id" "$application_made"
    say adopt_owners
    sed 's/^/      /; s/\t/  /g' "$work/owners"
    say adopt_credentials
    sed 's/^/      /; s/\t/  /g' "$work/credentials"
}

# take_back_consent NAME, leave NAME: only what a run of this script has given.
take_back_consent() {
    find_application "$1"
    find_consent || { say nothing_to_revoke; return; }
    ours "$assignment" "$IMAP_ROLE_ID" "$1" || fail "$FAILED" not_ours "$IMAP_ROLE" "$folder"
    say right_to_revoke "$IMAP_ROLE ($application_name)"
    if [[ -n $what_if ]]; then return; fi
    confirm revoke_ask
    open_record "revoke consent $1"
    graph DELETE "servicePrincipals/$client_sp/appRoleAssignments/$assignment" || refused "$IMAP_ROLE" role_cloud_application
    note revoked "$IMAP_ROLE_ID" "$IMAP_ROLE" "$1" "$assignment"
    say right_revoked "$IMAP_ROLE ($application_name)"
}

leave() {
    find_application "$1"
    owned_by_identity || { say nothing_to_revoke; return; }
    ours "$application/$identity" owner "$1" || fail "$FAILED" not_ours "$application_name" "$folder"
    say right_to_revoke "owner ($application_name)"
    if [[ -n $what_if ]]; then return; fi
    confirm revoke_ask
    open_record "revoke adopt $1"
    graph DELETE "applications/$application/owners/$identity/\$ref" || refused "owners/\$ref" role_cloud_application
    note revoked owner "$identity" "$1" "$application/$identity"
    say right_revoked "owner ($application_name)"
}
