#!/usr/bin/env bash
# clca on the nodes of a Slurm job: replicas of the teacher by Ray on all of them, clca itself on the first.
#   sbatch --nodes 8 --time 24:00:00 deploy/slurm.sh generate --culture all --teacher llama-3.1-70b --concurrency 2048
# The same command resumes a run that the time limit or a lost node has ended. Adapt the #SBATCH lines and the two lines
# that make clca and vLLM known; the weights must be where every node finds them, as under a shared HF_HOME.
#SBATCH --job-name=clca
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=32
#SBATCH --exclusive
#SBATCH --no-kill
#SBATCH --time=12:00:00
#SBATCH --output=clca-%j.log
set -euo pipefail

# module load cuda
# source "$HOME/clca/bin/activate"

# How long the head waits for the other nodes, and half as long as they wait for it. The defaults are 30 and 5 seconds,
# in which a node may not have read Ray from a shared file system.
export RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=${RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT:-600}
export RAY_gcs_rpc_server_connect_timeout_s=${RAY_gcs_rpc_server_connect_timeout_s:-240}
export RAY_USAGE_STATS_ENABLED=0
# Sockets of Unix have short paths: not below a long TMPDIR.
export RAY_TMPDIR=${RAY_TMPDIR:-/tmp}

nodes=$SLURM_JOB_NUM_NODES
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# The address by which the first node is known to the others; with several networks set it, as to that of InfiniBand.
address=${HEAD_ADDRESS:-$(srun --nodes=1 --ntasks=1 --nodelist="$first" hostname --ip-address | awk '{print $1}')}
port=$((20000 + SLURM_JOB_ID % 10000))

resources=(--num-cpus "${SLURM_CPUS_PER_TASK:-1}")
if [ -n "${SLURM_GPUS_PER_NODE:-}" ]; then
    resources+=(--num-gpus "${SLURM_GPUS_PER_NODE##*:}")
fi

# Where Ray does not start on the first node `ray symmetric-run` ends with 0, too: the file says whether clca began.
waiting=$(mktemp "$PWD/.clca-$SLURM_JOB_ID-XXXXXX")
trap 'rm -f "$waiting"' EXIT
# shellcheck disable=SC2016  # for the shell on the first node
srun --nodes="$nodes" --ntasks="$nodes" --ntasks-per-node=1 \
    ray symmetric-run --address "$address:$port" --min-nodes "$nodes" "${resources[@]}" -- \
    sh -c 'rm -f "$0" && exec clca "$@"' "$waiting" "$@" --cluster "$address:$port"
if [ -e "$waiting" ]; then
    echo "clca was not started: Ray did not come up on the first node, see above" >&2
    exit 1
fi
