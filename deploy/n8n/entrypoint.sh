#!/bin/sh
# Shows n8n the nodes that stand beside this script, has it load the webhook gate, then becomes the
# command it was given.
#
# n8n looks for community nodes in ~/.n8n/nodes, and names their types after their package only
# there. That folder is a volume as a rule: what an image has in it is seen by nobody once the volume
# is filled, so an image that was built anew would go on with the nodes of the first one. A link that
# is made at each start has no such memory.
set -eu

here="$(cd "$(dirname "$0")" && pwd)"
shown="${N8N_USER_FOLDER:-$HOME}/.n8n/nodes/node_modules"

mkdir -p "$shown"
for package in "$here"/node_modules/n8n-nodes-*; do
	# A copy that was installed in the editor would stand in the way.
	rm -rf "${shown:?}/${package##*/}"
	ln -s "$package" "$shown/"
done

export NODE_OPTIONS="--require $here/webhook-gate.cjs${NODE_OPTIONS:+ $NODE_OPTIONS}"
exec "$@"
