package io.berth.tests.lifetime;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** In a session with a real systemd, {@code berth run} puts its app into a scope, and the servers end with it. */
class SystemdScopeTest {
    private UserSession session;

    @BeforeEach
    void make() throws Exception {
        session = new UserSession();
    }

    @AfterEach
    void remove() {
        if (session != null) {
            session.close();
        }
    }

    @Test
    void detached_isInAScope_andItsServerEndsWithTheLastProcess() throws Exception {
        session.run("""
                for how in --env-only --no-fds; do
                    id=$(berth run --detach $how --app-id org.test.Name -- sh -c '(setsid sleep 987 &); exit 0')
                    scope=$(systemctl --user list-units --plain --no-legend 'app-berth-org.test.Name-*.scope' | cut -d ' ' -f 1)
                    test -n "$scope"
                    busctl --user get-property io.berth.Helper1 /io/berth/Helper1/servers/$id io.berth.Server1 Cgroups | grep -F "/$scope"
                    until_true "! names '$scope' | grep -qx sh"
                    test "$(systemctl --user is-active "$scope")" = active
                    berth show $id >/dev/null
                    kill_in "$scope" sleep
                    until_true "! berth show $id >/dev/null 2>&1"
                    until_true "! systemctl --user is-active --quiet '$scope'"
                done
                """);
    }

    @Test
    void scopeStopped_endsTheServer_andForegroundHasAScopeToo() throws Exception {
        session.run("""
                id=$(berth run --detach --env-only -- sh -c 'sleep 987')
                systemctl --user stop 'app-berth-sh-*.scope'
                until_true "! berth show $id >/dev/null 2>&1"
                berth run --env-only -- cat /proc/self/cgroup | grep -E '^0::.*/app-berth-cat-[0-9]+[.]scope$'
                berth run -- cat /proc/self/cgroup | grep -E '^0::.*/app-berth-cat-[0-9]+[.]scope$'
                berth list --json | grep -c appId || true
                until_true "test -z \\"\\$(systemctl --user list-units --plain --no-legend 'app-berth-*.scope')\\""
                """);
    }
}
