package io.berth.tests.mount;

/** An app that root has started. */
class HostileAppOfRootTest extends HostileAppTest {
    HostileAppOfRootTest() {
        super(true);
    }
}
