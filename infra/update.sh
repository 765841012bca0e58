#!/usr/bin/env bash
# Deploys a newer release of the code, and only the code: settings, address ranges and rights stay as they are.
# See docs/how-to/update-and-remove.md, or --help.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
infra=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=grant/say.sh
source "$infra/grant/say.sh"
# shellcheck source=grant/graph.sh
source "$infra/grant/graph.sh"
# shellcheck source=grant/project.sh
source "$infra/grant/project.sh"
# shellcheck source=grant/api.sh
source "$infra/grant/api.sh"

WAITS=60 # looks at health, PAUSE seconds apart: five minutes
resource_group='' app='' back='' what_if=''
releases=$(project Repository)/releases
package=$(project name)

main() {
    parse "$@"
    sign_in
    tenant=$signed_in_tenant
    find_app
    # Without a right to its keys the end could not be seen; an app that does not answer may be what the update mends.
    key_of read_health || ! denied || refused "$app" role_website
    running=$(health_version) || running=''
    if [[ -n $back ]]; then previous_release; else newest_release; fi
    say update_plan "$app" "${running:-?}" "$version"
    if [[ $running == "$version" ]]; then
        say update_there
    elif [[ -z $back && -n $running && $(printf '%s\n' "$running" "$version" | sort -V | tail -n 1) == "$running" ]]; then
        say update_newer
    elif [[ -n $what_if ]]; then
        say what_if_only
    else
        check_package
        deploy
        wait_for_version
    fi
}

parse() {
    local option
    while (($#)); do
        option=$1
        shift
        case $option in
        --back) back=yes && continue ;;
        --what-if) what_if=yes && continue ;;
        --help | -h) say update_help "$me" && exit ;;
        esac
        (($#)) || fail "$USAGE" bad_option "$option" "$me"
        case $option in
        --resource-group) resource_group=$1 && need "$option" "$1" '^[^[:cntrl:]/\\"]+$' ;;
        --app) app=$1 && need "$option" "$1" '^[A-Za-z0-9-]+$' ;;
        --releases) releases=${1%/} && need "$option" "$1" '^https://[^[:space:]]+$' ;;
        *) fail "$USAGE" bad_option "$option" "$me" ;;
        esac
        shift
    done
    [[ -n $resource_group && -n $app ]] || fail "$USAGE" needs_app "$me"
}

# fetch ADDRESS FILE: nobody's token is sent along.
fetch() {
    azure rest --method GET --url "$1" --skip-authorization-header --output-file "$(native "$2")" >/dev/null ||
        fail "$FAILED" not_fetched "$1" "$(az_error)"
}

# newest_release: sets version and uri, from the checksums of the newest release.
newest_release() {
    fetch "$releases/latest/download/SHA256SUMS" "$work/sums"
    version=$(sed -nE "s/^[0-9a-f]{64}  $package-([0-9]+\.[0-9]+\.[0-9]+)\.zip\$/\1/p" "$work/sums")
    [[ -n $version ]] || fail "$FAILED" no_package "$releases"
    uri=$releases/download/v$version/$package-$version.zip
}

# previous_release: sets version and uri to what was deployed before the present package; Azure keeps the list.
previous_release() {
    azure deployment group list --resource-group "$resource_group" --query \
        '[].[properties.timestamp,properties.provisioningState,to_string([properties.parameters.packageUri.value])]' >"$work/deployments" ||
        refused "$resource_group" role_contributor
    uri=$(sort "$work/deployments" | awk -F '\t' '
        $2 == "Succeeded" && $3 ~ /^\["https:/ { if ($3 != last) before = last; last = $3 } END { print before }')
    uri=$(exact "$uri") || fail "$FAILED" no_previous "$resource_group"
    version=$(sed -nE 's|^.*-([0-9]+\.[0-9]+\.[0-9]+)\.zip$|\1|p' <<<"$uri")
    [[ -n $version ]] || fail "$FAILED" no_package "$uri"
    fetch "${uri%/*}/SHA256SUMS" "$work/sums"
}

# check_package: what Azure is about to fetch has the checksum that the release names.
check_package() {
    local wanted found
    fetch "$uri" "$work/package.zip"
    wanted=$(awk -v file="${uri##*/}" '$2 == file { print $1 }' "$work/sums")
    found=$(sha256sum "$work/package.zip" 2>/dev/null || shasum -a 256 "$work/package.zip")
    [[ -n $wanted && ${found%% *} == "$wanted" ]] || fail "$FAILED" wrong_checksum "$uri"
    say checksum_right "${uri##*/}"
}

# deploy: a deployment of its own, so that Azure's list of deployments says which package came when.
deploy() {
    cat >"$work/code.json" <<'JSON'
{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {"app": {"type": "string"}, "packageUri": {"type": "string"}},
  "resources": [
    {
      "type": "Microsoft.Web/sites/extensions",
      "apiVersion": "2024-11-01",
      "name": "[format('{0}/onedeploy', parameters('app'))]",
      "properties": {"packageUri": "[parameters('packageUri')]", "remoteBuild": false}
    }
  ]
}
JSON
    say deploying "$version"
    azure deployment group create --resource-group "$resource_group" --name "utm-mail-connect-update-$(date -u +%Y%m%d%H%M%S)" \
        --template-file "$(native "$work/code.json")" --parameters "app=$app" "packageUri=$uri" --query name >/dev/null ||
        refused "$resource_group" role_contributor
}

# wait_for_version: Azure says "done" before the new code runs, and also where it does not run.
wait_for_version() {
    local look found=''
    for ((look = 1; look <= WAITS; look++)); do
        found=$(health_version) || found=''
        if [[ $found == "$version" ]]; then
            say updated "$version"
            return
        fi
        ((look == WAITS)) || sleep "$PAUSE"
    done
    fail "$FAILED" not_updated "$version" "${found:-?}" "$(az_error)"
}

main "$@"
