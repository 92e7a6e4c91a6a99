#!/bin/bash
# Makes a real ASP.NET Core 9 SignalR server: build.sh FOLDER, then FOLDER/run/azmcp.
# The npm package is a self-contained .NET publish that brings the whole of
# Microsoft.AspNetCore.App; hubs.cs is compiled against it with mono-mcs and takes the
# place of its program. x86-64 Linux; 57 MB to download.
#   HUBS_URL (http://127.0.0.1:9191)  HUBS_TOKEN (none: any)  HUBS_PING_MS
#   HUBS_TIMEOUT_MS  HUBS_HANDSHAKE_MS  HUBS_STATEFUL (1)  HUBS_LOG (0)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?where to build it}
version=0.0.21
sha1=9bdc5af8cc9a94e8d2cbccde86c46c6ea412f8e6
mkdir -p "$folder"
cd "$folder"
exec 9>lock
flock 9 # one build at a time; whoever waited finds it made
[ -f run/made ] && [ run/made -nt "$here/hubs.cs" ] && exit 0
[ -f azure-mcp-linux-x64-$version.tgz ] ||
    npm pack --silent "@azure/mcp-linux-x64@$version" >/dev/null
echo "$sha1  azure-mcp-linux-x64-$version.tgz" | sha1sum --check --quiet
rm -rf package run
tar xzf azure-mcp-linux-x64-$version.tgz
for dll in package/dist/{System*,Microsoft.AspNetCore*,Microsoft.Extensions*,netstandard,mscorlib}.dll; do
    echo "-r:$dll"
done >refs.rsp
mv package/dist run
sed -i 's#package/dist#run#' refs.rsp
rm run/azmcp.dll
mcs -nostdlib -noconfig -langversion:7.2 -target:exe -out:hubs.dll @refs.rsp "$here/hubs.cs"
cp hubs.dll run/azmcp.dll
chmod +x run/azmcp
touch run/made
