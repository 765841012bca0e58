# shellcheck shell=bash
# What belongs to a deployment: applications, mailbox access in Exchange, resources. Sourced.

PREFIX=utm-mail-connect-

# owned_applications: those of our name that the identity owns, into $work/applications: object id and name.
owned_applications() {
    local kind application name
    graph GET "servicePrincipals/$identity/ownedObjects?\$top=999" --query 'value[].["@odata.type",id]' >"$work/owned" ||
        refused "GET servicePrincipals/$identity/ownedObjects" role_directory_reader
    while IFS=$'\t' read -r kind application; do
        [[ $kind == '#microsoft.graph.application' ]] || continue
        name=$(graph GET "applications/$application?\$select=uniqueName" --query uniqueName) ||
            refused "GET applications/$application" role_directory_reader
        if [[ $name == "$PREFIX"* ]]; then
            printf '%s\t%s\n' "$application" "$name" >>"$work/applications"
        else
            say remove_not_named "${name:-$application}"
        fi
    done <"$work/owned"
}

# unowned_connections: says which connections the app lists whose application the identity does not own.
unowned_connections() {
    local after='' name
    while api list_connections "api/connections?top=500${after:+&after=$after}" 'items[].name' >"$work/names"; do
        while read -r name; do
            cut -f 2 "$work/applications" | grep -xF "$PREFIX$name" >/dev/null || say remove_not_owned "$name"
        done <"$work/names"
        after=$(api list_connections "api/connections?top=500${after:+&after=$after}" next) || return 0
        if [[ -z $after ]]; then return; fi
    done
}

# exchange_lines: PowerShell that takes the access of each application from its mailboxes, into $work/lines.
exchange_lines() {
    local application name application_id client
    while IFS=$'\t' read -r application name; do
        application_id=$(graph GET "applications/$application?\$select=appId" --query appId) ||
            refused "GET applications/$application" role_directory_reader
        client=$(graph GET "servicePrincipals?\$filter=appId%20eq%20'$application_id'&\$select=id" --query 'value[].id') ||
            refused "GET servicePrincipals" role_directory_reader
        if [[ -n $client ]]; then connection_lines "${name#"$PREFIX"}" "$client" >>"$work/lines"; fi
    done <"$work/applications"
}

# connection_lines NAME PRINCIPAL: the mailboxes are those that the app lists; every mailbox where it does not answer.
connection_lines() {
    printf "\n# %s\nif (Get-ServicePrincipal | Where-Object { \"\$(\$_.ObjectId)\" -eq '%s' }) {\n" "$1" "$2"
    if mailboxes_of "$1" >"$work/mailboxes"; then
        while read -r mailbox; do
            printf "    Remove-MailboxPermission -Identity '%s' -User '%s' -AccessRights FullAccess -Confirm:\$false\n" \
                "$(quoted "$mailbox")" "$2"
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
    local after='' next
    while :; do
        api read_connection "api/connections/$1?top=500${after:+&after=$after}" 'mailboxes.items[].[address,requested]' \
            >"$work/page" || return 1
        # An address is known only once Exchange has resolved it.
        awk -F '\t' '{ print ($1 == "None" ? $2 : $1) }' "$work/page"
        next=$(api read_connection "api/connections/$1?top=500${after:+&after=$after}" mailboxes.next) || return 1
        if [[ -z $next ]]; then return; fi
        after=$next
    done
}

# foreign_resources: what does not carry the deployment's own 13 characters, with which the app's name ends. Azure itself
# adds the last one beside Application Insights.
foreign_resources() {
    awk -F '\t' -v own="${app##*-}" '
        index(tolower($1), tolower(own)) == 0 && $1 != "Application Insights Smart Detection"' "$work/resources"
}
