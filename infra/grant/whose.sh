# shellcheck shell=bash
# Whose the application of a connection is: who made it, who owns it, what signs in as it; and the same of its enterprise
# application, which has owners and credentials of its own. The app asks the same (connector/plans/). Sourced.
#
# A name, a tag and an owner's entry prove nothing: any member of a tenant may register an application of our name and make
# our identity its owner. Who made an object Entra says (createdByAppId), and nobody can set it.

# look_at NAME: sets application, application_id, application_maker, application_made, application_name, application_tags,
# and client_sp, client_maker (empty: no enterprise application yet); owners and credentials of both go to $work.
look_at() {
    local path="applications(uniqueName='$PREFIX$1')" id
    : >"$work/owners"
    : >"$work/credentials"
    application='' application_id='' client_sp='' client_maker=''
    if ! read_object application "$path" createdDateTime,tags; then
        ! grep -q 'ResourceNotFound' "$work/error" || fail "$FAILED" no_application "$1" "$PREFIX$1"
        refused "GET $path" role_directory_reader
    fi
    take_id application "$object"
    take_id application_id "$object_app"
    application_maker=$object_maker application_made=$object_made application_name=$object_name
    # shellcheck disable=SC2034 # for adopt
    application_tags=$object_tags
    read_owners application "applications/$application"
    read_federated
    path="servicePrincipals(appId='$application_id')"
    if read_object enterprise "$path"; then
        take_id client_sp "$object"
        take_id id "$object_app"
        [[ $id == "$application_id" ]] || fail "$FAILED" not_an_id "$id"
        client_maker=$object_maker
        read_owners enterprise "servicePrincipals/$client_sp"
    else
        grep -q 'ResourceNotFound' "$work/error" || refused "GET $path" role_directory_reader
    fi
}

# read_object WHERE PATH [MORE]: sets object…, and appends its credentials; not 0 where it cannot be read.
read_object() {
    local select=id,appId,createdByAppId,displayName,passwordCredentials,keyCredentials${3:+,$3}
    local cells='keyId,endDateTime,to_string([displayName])'
    graph GET "$2?\$select=$select" --query "[[[id,appId,createdByAppId,createdDateTime,to_string([displayName]),\
to_string(tags)]],passwordCredentials[].['secret',$cells],keyCredentials[].['certificate',$cells]][]" >"$work/object" || return 1
    IFS=$'\t' read -r object object_app object_maker object_made object_name object_tags <"$work/object"
    if [[ $object_maker == None ]]; then object_maker=unknown; else take_id object_maker "$object_maker"; fi
    object_name=$(unpacked "$object_name")
    sed 1d "$work/object" >"$work/listed"
    expect "GET $2" $'^(secret|certificate)\t[^\t]+\t[^\t]+\t\[.*\]$'
    sed "s/^/$1"$'\t/' "$work/listed" >>"$work/credentials"
}

# read_owners WHERE PATH: who owns it, of which kind, by which names. Without $select, since kinds have different ones.
read_owners() {
    listed "$2/owners" 'id,"@odata.type",to_string([displayName]),to_string([userPrincipalName])' ||
        refused "GET $2/owners" role_directory_reader
    expect "GET $2/owners" "^$ID"$'\t[^\t]+\t\[.*\]\t\[.*\]$'
    awk -F '\t' -v OFS='\t' -v where="$1" '{ print where, tolower($1), $2, $3, $4 }' "$work/listed" >>"$work/owners"
}

# read_federated: what another issuer's token may sign in as the application. Only applications have them.
read_federated() {
    listed "applications/$application/federatedIdentityCredentials" \
        "'federated',id,'-',to_string([name]),to_string([issuer]),to_string([subject])" ||
        refused "GET applications/$application/federatedIdentityCredentials" role_directory_reader
    expect "GET federatedIdentityCredentials" $'^federated\t[^\t]+\t-\t\[.*\]\t\[.*\]\t\[.*\]$'
    sed "s/^/application"$'\t/' "$work/listed" >>"$work/credentials"
}

# judge NAME: every reason why the application is not ours, a line each, into $work/reasons.
judge() {
    local where id kind rest
    known_keys "$1"
    judge_maker application "$application_maker" >"$work/reasons"
    if [[ -n $client_sp ]]; then judge_maker enterprise "$client_maker" >>"$work/reasons"; fi
    while IFS=$'\t' read -r where id rest; do
        if [[ $id != "$identity" ]]; then say reason_owner "$(say "on_$where")" "$id $(cells_of "${rest#*$'\t'}")"; fi
    done <"$work/owners" >>"$work/reasons"
    while IFS=$'\t' read -r where kind id rest; do
        if ! is_ours "$where-$kind" "${rest#*$'\t'}" "$id"; then
            say reason_credential "$(say "on_$where")" "$(say "kind_$kind")" "$id $(cells_of "${rest#*$'\t'}")"
            if [[ -n $unasked && $where-$kind =~ ^application-(secret|certificate)$ ]]; then say reason_unasked; fi
        fi
    done <"$work/credentials" >>"$work/reasons"
}

# known_keys NAME: the ids of the keys that the app keeps as its own, into $work/known; sets unasked where it cannot be asked. A
# key's name anybody gives it who may add one; its id Entra gives, and the app has kept it (connector/plans/ownership.py).
known_keys() {
    : >"$work/known"
    unasked=''
    if ! grep -qE $'^application\t(secret|certificate)\t' "$work/credentials"; then return; fi
    if [[ -z $app ]]; then
        unasked=yes
        return
    fi
    find_app
    api read_connection "api/connections/$1?top=1" \
        '[[secret.keyId],[rotation.keyId],[rotation.oldKeyId]]' >"$work/known" || unasked=yes
}

# is_ours WHERE-KIND CELLS ID: whether a set-up made a credential, or was given it. What trusts our identity alone lets nobody
# else sign in.
is_ours() {
    local host
    case $1 in
        application-secret | application-certificate) [[ $3 =~ $GUID ]] && grep -qixF "$3" "$work/known" ;;
        application-federated)
            for host in login.microsoftonline.com login.microsoftonline.us login.partner.microsoftonline.cn; do
                if [[ ${2#*$'\t'} == "[\"https://$host/$tenant/v2.0\"]"$'\t'"[\"$identity\"]" ]]; then return 0; fi
            done
            return 1
            ;;
        *) return 1 ;;
    esac
}

judge_maker() {
    if [[ $2 == unknown ]]; then
        say reason_unknown "$(say "on_$1")"
    elif [[ $2 != "$identity_app" ]]; then
        say reason_maker "$(say "on_$1")" "$2" "$identity_app"
    fi
}

# show_whose: all of it, for who has to decide.
show_whose() {
    say whose_application "$application_name" "$application_id" "$application_made" "$(maker "$application_maker")"
    show_of application
    if [[ -z $client_sp ]]; then
        say whose_no_enterprise
    else
        say whose_enterprise "$client_sp" "$(maker "$client_maker")"
        show_of enterprise
    fi
}

show_of() {
    local where id kind end rest none=yes
    while IFS=$'\t' read -r where id kind rest; do
        [[ $where == "$1" ]] || continue
        none=''
        say whose_owner "$id" "${kind##*.} $(cells_of "$rest")"
    done <"$work/owners"
    if [[ -n $none ]]; then say whose_no_owner; fi
    none=yes
    while IFS=$'\t' read -r where kind id end rest; do
        [[ $where == "$1" ]] || continue
        none=''
        say whose_credential "$(say "kind_$kind")" "$id" "$end" "$(cells_of "$rest")"
    done <"$work/credentials"
    if [[ -n $none ]]; then say whose_no_credential; fi
}

# cells_of CELLS: packed cells to look at, without those in which nothing is.
cells_of() {
    local cell cells apart=''
    IFS=$'\t' read -ra cells <<<"$1"
    for cell in ${cells[@]+"${cells[@]}"}; do
        if [[ $cell != '[null]' ]]; then printf '%s%s' "$apart" "$(unpacked "$cell" 80)" && apart=' '; fi
    done
}

# maker ID: who made it, in words; a name where the tenant knows the maker.
maker() {
    local kind name
    if [[ $1 == unknown ]]; then
        say maker_unknown
    elif [[ $1 == "$identity_app" ]]; then
        say maker_identity "$identity_name"
    elif graph GET "servicePrincipals(appId='$1')?\$select=servicePrincipalType,displayName" \
        --query '[[servicePrincipalType,to_string([displayName])]]' >"$work/maker"; then
        IFS=$'\t' read -r kind name <"$work/maker"
        say maker_other "$1" "$(unpacked "$name" 80), $kind"
    else
        say maker_gone "$1"
    fi
}
