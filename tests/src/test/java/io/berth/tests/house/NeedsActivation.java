package io.berth.tests.house;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/**
 * A test in which the bus starts a service: dbus-daemon does so itself, dbus-broker has the systemd of the session do it, for
 * which there is ActivationTest.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@DisabledIfSystemProperty(named = "berth.bus", matches = "dbus-broker",
        disabledReason = "dbus-broker starts nothing without a systemd on the bus")
public @interface NeedsActivation {
}
