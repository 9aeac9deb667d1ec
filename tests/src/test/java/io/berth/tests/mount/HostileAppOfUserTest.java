package io.berth.tests.mount;

/** An app of an ordinary user. */
class HostileAppOfUserTest extends HostileAppTest {
    HostileAppOfUserTest() {
        super(false);
    }
}
