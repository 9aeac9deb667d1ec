package io.berth.tests.lifetime;

import org.junit.jupiter.api.Test;

/** What the bus, with the systemd of the session, starts for an app: what its rules let it call, and nothing else. */
class ActivationTest {
    @Test
    void service_ofTheSession_isStartedForWhoeverMayCallIt() throws Exception {
        try (UserSession session = new UserSession()) {
            session.run("""
                    mkdir -p "$XDG_RUNTIME_DIR/dbus-1/services"
                    cat >"$XDG_RUNTIME_DIR/dbus-1/services/org.test.Started.service" <<END
                    [D-BUS Service]
                    Name=org.test.Started
                    Exec=/usr/bin/dbus-test-tool echo --session --name=org.test.Started
                    END
                    bus() { busctl --user call org.freedesktop.DBus / org.freedesktop.DBus "$@"; }
                    bus ReloadConfig
                    try='gdbus call --session --dest org.test.Started --object-path / --method org.test.I.Do'
                    start='busctl --user call org.freedesktop.DBus / org.freedesktop.DBus StartServiceByName su org.test.Started 0'
                    for rule in call:org.test.Other see:org.test.Started; do
                        berth run --env-only --rule=$rule -- sh -c "! $try && ! $start"
                        test "$(bus NameHasOwner s org.test.Started)" = 'b false'
                    done
                    berth run --env-only --rule=call:org.test.Started -- $try
                    test "$(bus NameHasOwner s org.test.Started)" = 'b true'
                    """);
        }
    }
}
