#!/bin/sh
# What azd's hooks do about the code where PACKAGE_URI names no release: "look" before anything is deployed, whether
# "make package" has built one; "put" it into the app afterwards.
set -eu

[ -z "${PACKAGE_URI:-}" ] || exit 0
package=
for found in dist/utm-mail-connect-*.zip; do
    [ ! -e "$found" ] || package=$found
done
if [ -z "$package" ]; then
    echo "Kein Paket in dist/: zuerst \"make package\" / no package in dist/: first \"make package\"" >&2
    exit 1
fi
[ "$1" = put ] || exit 0

# In the first minutes the identity's role on the storage may not have arrived, and Azure answers 403
# (docs/how-to/from-a-clone.md).
tries=0
until az functionapp deployment source config-zip --resource-group "$AZURE_RESOURCE_GROUP" --name "$APP_NAME" \
    --src "$package" --output none; do
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || exit 1
    sleep 60
done
