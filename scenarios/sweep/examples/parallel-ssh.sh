#!/bin/sh
# A sweep over machines that ssh reaches, by GNU parallel: one shard a call, then a merge.
#   HOSTS=one,two parallel-ssh.sh DESIGN.json TABLE.csv [SHARDS]
# Without HOSTS an sshd of its own is started on this machine's loopback, with keys that go with the script
# (apt-get install parallel openssh-server). The machines see the same folders, by NFS for one.
set -eu
[ $# -ge 2 ] || { echo "usage: [HOSTS=one,two] $0 DESIGN.json TABLE.csv [SHARDS]" >&2; exit 2; }
design=$(realpath "$1") table=$(realpath -m "$2") shards=${3:-8}
splitwan=$(realpath "${SPLITWAN:-$(dirname "$(realpath "$0")")/../../../build/splitwan}")
folder=$table.shards  # on a disk that all machines see
mkdir -p "$folder"
command -v parallel > /dev/null || { echo "$0: parallel is missing: apt-get install parallel" >&2; exit 2; }

start_sshd() {
  [ -x /usr/sbin/sshd ] || { echo "$0: sshd is missing: apt-get install openssh-server" >&2; exit 2; }
  keys=$(mktemp -d /tmp/sshd.XXXXXX)
  trap 'kill "$(cat "$keys/pid")" 2> /dev/null; rm -rf "$keys"' EXIT
  trap 'exit 130' INT TERM
  port=$((20000 + $$ % 10000))
  ssh-keygen -q -t ed25519 -N '' -f "$keys/host"
  ssh-keygen -q -t ed25519 -N '' -f "$keys/user"
  mkdir -p /run/sshd
  cat > "$keys/sshd_config" << END
ListenAddress 127.0.0.1:$port
HostKey $keys/host
PidFile $keys/pid
AuthorizedKeysFile $keys/user.pub
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
END
  /usr/sbin/sshd -f "$keys/sshd_config" -E "$keys/log"
  sed "s/^/[127.0.0.1]:$port /" "$keys/host.pub" > "$keys/known_hosts"
  HOSTS=127.0.0.1
  PARALLEL_SSH="ssh -p $port -i $keys/user -o IdentitiesOnly=yes -o UserKnownHostsFile=$keys/known_hosts"
  export PARALLEL_SSH
}

[ -n "${HOSTS:-}" ] || start_sshd
# Of a shard that fails the others still end; what is finished is kept, so the same line goes on where it was.
seq "$shards" | parallel --will-cite --sshlogin "$HOSTS" --workdir "$folder" \
  "'$splitwan' sweep '$design' --shard {}/$shards --jobs 1 -o '$folder/shard-{}.jsonl'" ||
  echo "$0: $? shards failed" >&2
"$splitwan" merge "$folder"/shard-*.jsonl -o "$table"
