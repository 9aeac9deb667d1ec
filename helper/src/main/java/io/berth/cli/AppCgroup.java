package io.berth.cli;

import io.berth.api.AppId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The control group that one app is put into before it begins, so that the helper knows when the last process of it has
 * ended: a scope of the user's systemd, else one made here.
 *
 * @param path  as the helper takes it; empty when there is none
 * @param why   there is none; empty when there is one
 * @param isOwn made here: nobody else removes it
 */
record AppCgroup(String path, String why, boolean isOwn) {
    /** @param process waits until this returns, and all that it starts later is in the cgroup too */
    static AppCgroup enter(Process process, AppId app, Map<String, String> environment) throws InterruptedException {
        String why;
        try {
            return new AppCgroup(SystemdScope.enter(process, app, environment), "", false);
        } catch (IOException | IllegalArgumentException noManager) {
            why = noManager.getMessage();
        }
        try {
            return new AppCgroup(OwnCgroup.enter(process), "", true);
        } catch (IOException refused) {
            return new AppCgroup("", why + "; " + refused.getMessage(), false);
        }
    }

    /** Removes what was made here, unless some process is still in it. */
    void remove() {
        if (isOwn) {
            OwnCgroup.remove(Path.of(path));
        }
    }

    boolean exists() {
        return !path.isEmpty();
    }
}
