# shellcheck shell=bash disable=SC2154
# Steps with progress, logs and stamps: sourced by the scripts of utils/.
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The caller sets:  program  the name that messages start with
#                   state    a folder for logs/ and stamps/

# say TEXT...: one line for the user.
say() { printf '%s: %s\n' "$program" "$*"; }

# die TEXT...: one error line, then exit 1.
die() {
  printf '%s: error: %s\n' "$program" "$*" >&2
  exit 1
}

# key_of FILE-OR-TEXT...: a hash over the contents of files and over plain text.
key_of() {
  local item
  for item in "$@"; do
    if [ -f "$item" ]; then cat "$item"; else printf '%s\n' "$item"; fi
  done | sha256sum | cut -c1-20
}

# run_logged LOG COMMAND...: runs COMMAND with its output in LOG; prints the
# last line of the log every 15 seconds so that a long step shows its progress.
run_logged() {
  local log=$1 pid start=$SECONDS next=15 status=0
  shift
  # In a process group of its own, so that an interrupt ends all of it.
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  trap 'kill -TERM -- "-$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if [ $((SECONDS - start)) -ge "$next" ]; then
      next=$((next + 15))
      printf '    %4d s  %s\n' $((SECONDS - start)) \
        "$(tail -n 1 "$log" | tr -d '\r' | cut -c1-100)"
    fi
  done
  wait "$pid" || status=$?
  trap - INT TERM
  return "$status"
}

# attempt NAME COMMAND...: runs one step; on failure names it, prints the tail
# of its log and returns 1. The log is $state/logs/<name with dashes>.log.
attempt() {
  local name=$1 log start=$SECONDS
  shift
  mkdir -p "$state/logs" "$state/stamps"
  log=$state/logs/${name// /-}.log
  printf '%s: %s ...\n' "$program" "$name"
  if run_logged "$log" "$@"; then
    printf '%s: %s: done in %d s\n' "$program" "$name" $((SECONDS - start))
    return 0
  fi
  {
    printf '%s: step "%s" failed; the end of %s:\n' "$program" "$name" "$log"
    tail -n 30 "$log" | sed 's/^/    /'
  } >&2
  return 1
}

# step NAME COMMAND...: attempt, and leave the script when it fails.
step() {
  if ! attempt "$@"; then
    die "step \"$1\" failed; run the same command again to go on from there"
  fi
}

# step_once NAME KEY COMMAND...: step, unless it has succeeded with this KEY.
step_once() {
  local name=$1 key=$2 stamp
  shift 2
  stamp=$state/stamps/${name// /-}
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$key" ]; then
    return 0
  fi
  rm -f "$stamp"
  step "$name" "$@"
  printf '%s\n' "$key" >"$stamp"
}
