#!/bin/sh
# A sweep as a Slurm job array: one task a shard, then a merge.
#   slurm-array.sh DESIGN.json TABLE.csv [SHARDS]
# Where no Slurm answers, one is started on this machine for as long as the script runs (as root;
# apt-get install slurm-wlm munge): real munged, slurmctld and slurmd, without control groups.
set -eu
[ $# -ge 2 ] || { echo "usage: $0 DESIGN.json TABLE.csv [SHARDS]" >&2; exit 2; }
design=$(realpath "$1") table=$(realpath -m "$2") shards=${3:-8}
splitwan=$(realpath "${SPLITWAN:-$(dirname "$(realpath "$0")")/../../../build/splitwan}")
folder=$table.shards  # on a disk that all nodes see
mkdir -p "$folder"

start_slurm() {
  for program in munged slurmctld slurmd; do
    PATH=$PATH:/usr/sbin command -v $program > /dev/null ||
      { echo "$0: $program is missing: apt-get install slurm-wlm munge" >&2; exit 2; }
  done
  PATH=$PATH:/usr/sbin
  slurm=$(mktemp -d /tmp/slurm.XXXXXX)
  trap stop_slurm EXIT
  trap 'exit 130' INT TERM
  mkdir -m 711 "$slurm/munge"
  mkdir "$slurm/state" "$slurm/spool"
  chmod 755 "$slurm"
  dd if=/dev/urandom of="$slurm/munge/key" bs=1024 count=1 2> /dev/null
  chmod 400 "$slurm/munge/key"
  munged --force --key-file="$slurm/munge/key" --socket="$slurm/munge/socket" --pid-file="$slurm/munge/pid" \
    --seed-file="$slurm/munge/seed" --log-file="$slurm/munge/log"
  host=$(hostname -s) port=$((20000 + $$ % 10000))
  cat > "$slurm/slurm.conf" << END
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 10000))
AuthType=auth/munge
AuthInfo=socket=$slurm/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MinJobAge=300
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
  export SLURM_CONF="$slurm/slurm.conf"
  slurmctld
  slurmd
  for _ in $(seq 100); do
    sinfo -h -o %T 2> /dev/null | grep -q idle && return
    sleep 0.2
  done
  echo "$0: no node came up; the last lines of its logs:" >&2
  tail -n 5 "$slurm"/*.log >&2
  exit 2
}

stop_slurm() {
  for file in "$slurm/slurmd.pid" "$slurm/slurmctld.pid" "$slurm/munge/pid"; do
    [ ! -s "$file" ] || kill "$(cat "$file")" 2> /dev/null || true
  done
  sleep 1
  rm -rf "$slurm"
}

sinfo -h > /dev/null 2>&1 || start_slurm
# --wait: until every task has ended; it ends with the worst task's exit code. The merge names what is missing.
sbatch --wait --array="1-$shards" --cpus-per-task=1 --output="$folder/task-%a.log" --chdir="$folder" << END ||
#!/bin/sh
exec '$splitwan' sweep '$design' --shard "\$SLURM_ARRAY_TASK_ID/$shards" --jobs 1 -o "$folder/shard-\$SLURM_ARRAY_TASK_ID.jsonl"
END
  echo "$0: a task failed: see $folder/task-*.log; the same line runs what is missing" >&2
"$splitwan" merge "$folder"/shard-*.jsonl -o "$table"
