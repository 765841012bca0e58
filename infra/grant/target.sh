# shellcheck shell=bash
# Which identity, in which tenant: from the ids of the deployment's output, or looked up at the app. Sourced.

WRONG_TENANT=4

# find_target: sets tenant and identity, and refuses another tenant than the deployment's.
find_target() {
    if [[ -z $identity ]]; then look_up_identity; fi
    if [[ $signed_in_tenant != "$tenant" ]]; then
        fail "$WRONG_TENANT" wrong_tenant "$caller" "$signed_in_tenant" "$tenant" "$tenant"
    fi
}

# The app may have other identities too: ours is the one that its setting AZURE_CLIENT_ID names.
look_up_identity() {
    local wanted resource principal client of_tenant
    tenant=$signed_in_tenant
    wanted=$(azure functionapp config appsettings list --resource-group "$resource_group" --name "$app" \
        --query "[?name=='AZURE_CLIENT_ID'].to_string([value])") || refused "$app" role_website
    if [[ -n $wanted ]]; then take_id wanted "$(exact "$wanted")"; fi
    azure functionapp identity show --resource-group "$resource_group" --name "$app" \
        --query 'keys(userAssignedIdentities)[].to_string([@])' >"$work/identities" || refused "$app" role_reader
    while read -r resource; do
        resource=$(exact "$resource") || fail "$FAILED" no_identity "$app"
        IFS=$'\t' read -r principal client of_tenant < <(azure identity show --ids "$resource" \
            --query '[[principalId,clientId,tenantId]]') || refused "$resource" role_reader
        take_id client "$client"
        if [[ -z $wanted || $client == "$wanted" ]]; then
            take_id identity "$principal"
            take_id tenant "$of_tenant"
            return
        fi
    done <"$work/identities"
    fail "$FAILED" no_identity "$app"
}

# read_identity: sets identity_app and identity_name; grants nothing to what is not a managed identity.
read_identity() {
    local kind
    patiently graph GET "servicePrincipals/$identity?\$select=appId,servicePrincipalType,displayName" \
        --query '[[appId,servicePrincipalType,to_string([displayName])]]' >"$work/identity" ||
        refused "GET servicePrincipals/$identity" role_directory_reader
    IFS=$'\t' read -r identity_app kind identity_name <"$work/identity"
    take_id identity_app "$identity_app"
    identity_name=$(unpacked "$identity_name")
    [[ $kind == ManagedIdentity ]] || fail "$FAILED" not_an_identity "$identity" "$kind"
}
