#!/bin/bash
# user-session.sh USER COMMAND...: runs COMMAND as USER in a session with a real systemd user manager, where systemd is not the
# first process. Needs root, unshare(1), a cgroup hierarchy of version 2, and the packages systemd and dbus-user-session.
# With SESSION_BUS=dbus-broker that is the session's bus.
# Everything lives in a mount and a cgroup namespace and in one cgroup, and is gone when COMMAND has ended.
set -eu

if [ "${1:-}" != --inside ]; then
    top=$(findmnt --noheadings --raw --output TARGET --types cgroup2 | head -n 1)/user-session-$$
    mkdir "$top"
    # shellcheck disable=SC2317 # called by the trap
    clean() {
        echo 1 >"$top/cgroup.kill"
        # the kernel needs a moment to empty them
        for _ in $(seq 100); do
            find "$top" -depth -type d -exec rmdir {} + 2>/dev/null && return
            sleep 0.05
        done
        echo "user-session: $top stays" >&2
    }
    trap clean EXIT
    # shellcheck disable=SC2016 # the inner shell expands
    unshare --mount --propagation private bash -c 'echo $$ >"$0/cgroup.procs" && exec unshare --cgroup bash "$@"' \
        "$top" "$0" --inside "$@"
    exit
fi

shift
user=$1
shift
id=$(id --user "$user")
runtime=/run/user/$id
cgroup=/sys/fs/cgroup

# a /run and a unified /sys/fs/cgroup of our own, with a delegated part for the user
mount -t tmpfs -o mode=0755 tmpfs /run
umount --recursive "$cgroup" 2>/dev/null || umount --lazy "$cgroup"
mount -t cgroup2 cgroup2 "$cgroup"
mkdir -p /run/systemd/system /run/systemd/unit-root /run/user "$cgroup/session/command" "$cgroup/session/manager"
install -d -m 0700 -o "$user" "$runtime"
if [ "${SESSION_BUS:-}" = dbus-broker ]; then
    mkdir -p "$runtime/systemd/user"
    ln -s /usr/lib/systemd/user/dbus-broker.service "$runtime/systemd/user/dbus.service"
    chown -R "$user" "$runtime/systemd"
fi
chown -R "$user" "$cgroup/session"
echo $$ >"$cgroup/session/command/cgroup.procs"

as_user=(env -i PATH="$PATH" HOME="$runtime" USER="$user" LOGNAME="$user" SHELL=/bin/sh LC_ALL=C.UTF-8
    XDG_RUNTIME_DIR="$runtime" DBUS_SESSION_BUS_ADDRESS="unix:path=$runtime/bus"
    setpriv --reuid="$user" --regid="$(id --group "$user")" --clear-groups)

# units begin only when somebody takes what they print
mkdir -p /run/log/journal /run/systemd/journald.conf.d
printf '[Journal]\nReadKMsg=no\nAudit=no\n' >/run/systemd/journald.conf.d/user-session.conf
/usr/lib/systemd/systemd-journald 2>/dev/null &
journal=$!
await() {
    for _ in $(seq 200); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    journalctl --no-pager --quiet --lines 40 >&2 || true
    echo "user-session: no success in 10 s: $*" >&2
    exit 1
}
await test -S /run/systemd/journal/stdout

(
    echo $BASHPID >"$cgroup/session/manager/cgroup.procs"
    exec "${as_user[@]}" /usr/lib/systemd/systemd --user
) &
manager=$!

await "${as_user[@]}" busctl --user status org.freedesktop.systemd1

status=0
"${as_user[@]}" "$@" || status=$?
"${as_user[@]}" systemctl --user exit || true
wait "$manager" || true
kill "$journal"
wait "$journal" || true
exit "$status"
