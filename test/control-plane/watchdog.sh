#!/bin/sh
# Takes a test cluster down when the test process that started it ends, however it ends.
#
# usage: watchdog.sh DIRECTORY < pipe
# The pipe carries "+PID" for each process started and "-PID" for each one that has ended. When the pipe closes, all
# processes that are left and the process groups named in DIRECTORY/pods/groups are killed, and DIRECTORY is removed.
directory=$1
case $directory in
  */sluice-cluster-*) ;;
  *) echo "watchdog.sh: \"$directory\" is not a directory of a test cluster" >&2; exit 2 ;;
esac
trap '' INT TERM HUP
echo "$$" >"$directory/watchdog.pid" || exit 1
pids=' '
while read -r line; do
  pid=${line#[+-]}
  case $line in
    +*) pids="$pids$pid " ;;
    -*) pids="${pids%% "$pid" *} ${pids#* "$pid" }" ;;
  esac
done
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
# Where process 1 does not reap orphans they stay as zombies, so the wait has a bound.
for pid in $pids; do
  tries=0
  while [ $tries -lt 100 ] && kill -0 "$pid" 2>/dev/null; do sleep 0.02; tries=$((tries + 1)); done
done
for group in "$directory"/pods/groups/*; do
  [ -e "$group" ] && kill -KILL -- "-${group##*/}" 2>/dev/null
done
rm -rf "$directory"
