# shellcheck shell=bash
# For one connection: consent by a person (--consent), and taking over the application of an earlier identity (--adopt). Sourced.

# use_role PROTOCOL: sets role and approle, as the app's own table has them; a test holds the two equal.
use_role() {
    case $1 in
    imap) role=IMAP.AccessAsApp approle=5e5addcd-3e8d-4e90-baf5-964efab2b20a ;;
    pop) role=POP.AccessAsApp approle=cb842b43-da6e-4506-86fe-bb12199c656d ;;
    smtp) role=SMTP.SendAsApp approle=7146a1f0-8703-45b3-9eae-527a64c00995 ;;
    esac
}

# consent NAME: what the portal's "Grant admin consent" does, for the permissions that a connection's protocols need. To what
# is not ours only a person consents, who names the application by its id.
consent() {
    local protocol lacking=''
    read_identity
    look_at "$1"
    [[ -n $client_sp ]] || fail "$FAILED" no_enterprise_application "$application_name"
    judge "$1"
    show_whose
    check_named
    if [[ -s $work/reasons ]]; then
        cat "$work/reasons" >&2
        [[ -n $named ]] || fail "$FAILED" foreign_application "$application_name"
        say foreign_named "$application_name"
    fi
    for protocol in ${protocols//,/ }; do
        use_role "$protocol"
        find_consent || lacking+=" $protocol"
    done
    if [[ -z $lacking ]]; then
        say consent_there "$application_name"
        return
    fi
    for protocol in $lacking; do
        case $protocol in
        imap) say consent_what_imap "$application_name" "$application_id" ;;
        pop) say consent_what_pop "$application_name" "$application_id" ;;
        smtp) say consent_what_smtp "$application_name" "$application_id" ;;
        esac
    done
    if [[ -n $what_if ]]; then return; fi
    confirm consent_ask
    open_record "consent $1"
    for protocol in $lacking; do consent_to "$protocol" "$1"; done
    say consent_given "$application_name"
}

# consent_to PROTOCOL NAME: one of them; noted before and after, and read back.
consent_to() {
    use_role "$1"
    note intent "$approle" "$role" "$2"
    assignment=$(patiently graph POST "servicePrincipals/$exchange_sp/appRoleAssignedTo" --query id --body \
        "{\"principalId\":\"$client_sp\",\"resourceId\":\"$exchange_sp\",\"appRoleId\":\"$approle\"}") ||
        refused "$role" role_cloud_application
    note granted "$approle" "$role" "$2" "$assignment" "$(now)"
    eventually find_consent
}

# check_named: an id that was given must be the one that was found.
check_named() { [[ -z $named || $named == "$application_id" ]] || fail "$FAILED" other_application "$named" "$application_id"; }

# find_consent: of the role in use; sets exchange_sp and assignment (empty: no consent yet); not 0 where there is none.
find_consent() {
    find_resource "$EXCHANGE_APP"
    exchange_sp=$resource
    grep -qxiF "[\"$role\"]"$'\t'"$approle" "$work/roles" || fail "$FAILED" role_unexpected "$role" "$approle"
    listed "servicePrincipals/$client_sp/appRoleAssignments" id,resourceId,appRoleId ||
        refused "GET appRoleAssignments" role_directory_reader
    expect "GET appRoleAssignments" "^$ASSIGNMENT"$'\t'"$ID"$'\t'"$ID\$"
    assignment=$(awk -F '\t' -v on="$exchange_sp" -v role="$approle" \
        'tolower($2) == on && tolower($3) == role { found = $1 } END { print found }' "$work/listed")
    [[ -n $assignment ]]
}

no_consent() { ! find_consent; }

# eventually WORD…: what was written is read back, for as long as Entra needs.
eventually() {
    local look
    for ((look = 1; look <= LOOKS; look++)); do
        if "$@"; then return; fi
        ((look == LOOKS)) || sleep "$PAUSE"
    done
    fail "$FAILED" not_read_back "$application_name"
}

# owned WHERE: is the identity among the owners?
owned() { grep -q "^$1"$'\t'"$identity"$'\t' "$work/owners"; }

# adopt NAME: the present identity becomes an owner of the application and of its enterprise application, without which its
# writes are refused. Who made them, who owns them, and their credentials, are shown before.
adopt() {
    read_identity
    look_at "$1"
    check_named
    [[ $application_tags == *'"utm-mail-connect"'* ]] || fail "$FAILED" not_tagged "$application_name"
    if owned application && [[ -z $client_sp ]] || owned application && owned enterprise; then
        say adopted_already "$application_name"
        return
    fi
    show_whose
    if [[ -n $what_if ]]; then return; fi
    [[ -z $assume_yes || -n $named ]] || fail "$USAGE" adopt_needs_id
    confirm adopt_ask "$application_name" "$identity_name"
    open_record "adopt $1"
    note before "$(cut -f 1,2 "$work/owners" | tr '\t\n' '  ')"
    own application "applications/$application" "$1"
    if [[ -n $client_sp ]]; then own enterprise "servicePrincipals/$client_sp" "$1"; fi
    eventually adoption_is_there "$1"
    say adopted "$application_name" "$1"
}

# own WHERE PATH NAME: one of the two; noted before and after.
own() {
    if owned "$1"; then return; fi
    note intent "$1-owner" "$identity" "$3"
    patiently graph POST "$2/owners/\$ref" --body "{\"@odata.id\":\"$graph_url/v1.0/directoryObjects/$identity\"}" ||
        grep -q 'already exist' "$work/error" || refused "$2/owners/\$ref" role_cloud_application
    note granted "$1-owner" "$identity" "$3" "${2#*/}/$identity" "$(now)"
}

adoption_is_there() { look_at "$1" && owned application && { [[ -z $client_sp ]] || owned enterprise; }; }

# take_back_consent NAME, leave NAME: only what a run of this script has given.
take_back_consent() {
    local protocol held=''
    look_at "$1"
    for protocol in ${protocols//,/ }; do
        use_role "$protocol"
        if [[ -z $client_sp ]] || no_consent; then continue; fi
        ours "$assignment" "$approle" "$1" || fail "$FAILED" not_ours "$role" "$folder"
        say right_to_revoke "$role ($application_name)"
        held+=" $protocol"
    done
    if [[ -z $held ]]; then say nothing_to_revoke && return; fi
    if [[ -n $what_if ]]; then return; fi
    confirm revoke_ask
    open_record "revoke consent $1"
    for protocol in $held; do withdraw "$protocol" "$1"; done
}

# withdraw PROTOCOL NAME: one of them, read to be gone.
withdraw() {
    use_role "$1"
    find_consent || return 0
    graph DELETE "servicePrincipals/$client_sp/appRoleAssignments/$assignment" || refused "$role" role_cloud_application
    note revoked "$approle" "$role" "$2" "$assignment"
    eventually no_consent
    say right_revoked "$role ($application_name)"
}

leave() {
    local where given=''
    look_at "$1"
    if ! owned application && ! owned enterprise; then say nothing_to_revoke && return; fi
    for where in application enterprise; do
        if owned "$where" && ours "$(object_of "$where")/$identity" "$where-owner" "$1"; then given+=" $where"; fi
    done
    [[ -n $given ]] || fail "$FAILED" not_ours "$application_name" "$folder"
    say right_to_revoke "owner ($application_name)"
    if [[ -n $what_if ]]; then return; fi
    confirm revoke_ask
    open_record "revoke adopt $1"
    # The enterprise application first: who owns the application may write there too.
    case $given in *enterprise) release enterprise "servicePrincipals/$client_sp" "$1" ;; esac
    case $given in *application*) release application "applications/$application" "$1" ;; esac
    eventually left "$given" "$1"
    say right_revoked "owner ($application_name)"
}

object_of() { if [[ $1 == application ]]; then echo "$application"; else echo "$client_sp"; fi; }

# release WHERE PATH NAME: one of the two.
release() {
    graph DELETE "$2/owners/$identity/\$ref" || grep -q ResourceNotFound "$work/error" ||
        refused "$2/owners/\$ref" role_cloud_application
    note revoked "$1-owner" "$identity" "$3" "${2#*/}/$identity"
}

# left GIVEN NAME: is the identity no owner any more of what it was made an owner of?
left() {
    local where
    look_at "$2"
    for where in $1; do if owned "$where"; then return 1; fi; done
}
