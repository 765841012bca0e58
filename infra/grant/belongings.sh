# shellcheck shell=bash
# What belongs to a deployment: applications, mailbox access in Exchange, resources. Sourced.

# owned_applications: those of our name that the identity owns and that are ours, into $work/applications: object id,
# application id and connection. An owner's entry alone proves nothing: any member may make the identity an owner.
owned_applications() {
    local kind application
    listed "servicePrincipals/$identity/ownedObjects" '"@odata.type",id' ||
        refused "GET servicePrincipals/$identity/ownedObjects" role_directory_reader
    grep -F '#microsoft.graph.application'$'\t' "$work/listed" >"$work/owned" || true
    while IFS=$'\t' read -r kind application; do
        take_id application "$application"
        graph GET "applications/$application?\$select=appId,createdByAppId,uniqueName" \
            --query '[[appId,createdByAppId,to_string([uniqueName])]]' >"$work/application" ||
            refused "GET applications/$application" role_directory_reader
        sort_out "$application" "$kind"
    done <"$work/owned"
}

# sort_out OBJECT: into the list, or said to stay.
sort_out() {
    local id maker name connection
    IFS=$'\t' read -r id maker name <"$work/application"
    take_id id "$id"
    connection=$(exact "$name") || connection=''
    connection=${connection#"$PREFIX"}
    if [[ $name != "[\"$PREFIX$connection\"]" || ! $connection =~ $CONNECTION ]]; then
        say remove_not_named "$(unpacked "$name") ($1)"
    elif made_by_us "$1" "$maker" "$connection"; then
        printf '%s\t%s\t%s\n' "$1" "$id" "$connection" >>"$work/applications"
    else
        say remove_not_made "$PREFIX$connection" "$1" "$maker"
    fi
}

# made_by_us OBJECT MAKER CONNECTION: by Entra's word; where Entra says nothing, by the app's; or taken over by --adopt.
made_by_us() {
    local object
    if [[ $(tr A-F a-f <<<"$2") == "$identity_app" ]] || ours "$1/$identity" application-owner "$3"; then return 0; fi
    [[ $2 == None ]] || return 1
    object=$(api read_connection "api/connections/$3?top=1" 'to_string([ids.objectId])') || return 1
    [[ $(tr A-F a-f <<<"$object") == "[\"$1\"]" ]]
}

# connections_page AFTER: a page of the app's list into $work/names; sets after (empty: it was the last).
connections_page() {
    local next name
    api list_connections "api/connections?top=500${1:+&after=$1}" \
        '[[to_string([next])],items[].[to_string([name])]][]' >"$work/page" || return 1
    read -r next <"$work/page" || return 1
    sed 1d "$work/page" >"$work/names"
    after=$(exact "$next") || after=''
    [[ -z $after || $after =~ $CONNECTION ]]
}

# unowned_connections: says which connections the app lists whose application is not removed.
unowned_connections() {
    local after='' name
    while connections_page "$after"; do
        while read -r name; do
            name=$(exact "$name") || continue
            if [[ ! $name =~ $CONNECTION ]]; then continue; fi
            cut -f 3 "$work/applications" | grep -xF "$name" >/dev/null || say remove_not_owned "$name"
        done <"$work/names"
        if [[ -z $after ]]; then return; fi
    done
}

# exchange_lines: PowerShell that takes the access of each application from its mailboxes, into $work/lines.
exchange_lines() {
    local object id connection client
    while IFS=$'\t' read -r object id connection; do
        client=$(graph GET "servicePrincipals?\$filter=appId%20eq%20'$id'&\$select=id" --query 'value[].id') ||
            refused "GET servicePrincipals ($object)" role_directory_reader
        if [[ -z $client ]]; then continue; fi
        take_id client "$client"
        connection_lines "$connection" "$client" >>"$work/lines"
    done <"$work/applications"
}

# connection_lines NAME PRINCIPAL: the mailboxes are those that the app lists; every mailbox where it does not answer, or
# where a name could not stand in a line.
connection_lines() {
    local mailbox
    printf "\n# %s\nif (Get-ServicePrincipal | Where-Object { \"\$(\$_.ObjectId)\" -eq '%s' }) {\n" "$1" "$2"
    if mailboxes_of "$1" >"$work/mailboxes"; then
        while read -r mailbox; do
            printf "    Remove-MailboxPermission -Identity %s -User '%s' -AccessRights FullAccess -Confirm:\$false\n" \
                "$(powershell "$mailbox")" "$2"
        done <"$work/mailboxes"
    else
        printf "    Get-Mailbox -ResultSize Unlimited | ForEach-Object { Get-MailboxPermission -Identity %s -User '%s' } |\n" \
            "\$_.DistinguishedName" "$2"
        printf "        ForEach-Object { Remove-MailboxPermission -Identity %s -User '%s' -AccessRights FullAccess %s }\n" \
            "\$_.Identity" "$2" "-Confirm:\$false"
    fi
    printf "    Remove-ServicePrincipal -Identity '%s' -Confirm:\$false\n}\n" "$2"
}

# mailboxes_of NAME: the app's list, page by page; not 0 where it does not answer.
mailboxes_of() {
    local after='' next known wanted
    while :; do
        # An address is known only once Exchange has resolved it.
        api read_connection "api/connections/$1?top=500${after:+&after=$(in_address "$after")}" \
            '[[to_string([mailboxes.next])],mailboxes.items[].[to_string([address]),to_string([requested])]][]' \
            >"$work/page" || return 1
        read -r next <"$work/page" || return 1
        sed 1d "$work/page" >"$work/boxes"
        while IFS=$'\t' read -r known wanted; do
            if [[ $known == '[null]' ]]; then known=$wanted; fi
            exact "$known" && echo || return 1
        done <"$work/boxes"
        if [[ $next == '[null]' ]]; then return; fi
        after=$(exact "$next") || return 1
    done
}

# in_address TEXT: as it stands in the query of an address.
in_address() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'; }

# foreign_resources: what does not carry the deployment's own 13 characters, with which the app's name ends. Azure itself
# adds the last one beside Application Insights.
foreign_resources() {
    awk -F '\t' -v own="${app##*-}" '
        index(tolower($1), tolower(own)) == 0 && $1 != "[\"Application Insights Smart Detection\"]"' "$work/resources"
}
