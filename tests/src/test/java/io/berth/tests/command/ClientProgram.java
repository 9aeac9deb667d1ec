package io.berth.tests.command;

import io.berth.api.RuleText;
import io.berth.client.BerthClient;
import io.berth.client.BerthException;
import io.berth.client.ContainerServer;
import io.berth.client.ServerStatus;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** What {@link ClientLibraryTest} runs: one of the lives of a launcher or service. */
public final class ClientProgram {
    private ClientProgram() {
    }

    public static void main(String[] arguments) throws Exception {
        try (BerthClient berth = BerthClient.connect()) {
            switch (arguments[0]) {
                case "whole-life" -> wholeLife(berth);
                case "stay" -> {
                    try (ContainerServer server = berth.server("org.test.Box", "org.test.Stays").open()) {
                        System.out.println("open");
                        new CountDownLatch(1).await();
                    }
                }
                case "close" -> berth.server("org.test.Box", "org.test.Closes").open().close();
                case "identify" -> {
                    for (int i = 1; i < arguments.length; i++) {
                        System.out.println(identify(berth, arguments[i]));
                    }
                }
                case "refusals" -> {
                    refused(() -> berth.server("org.test.Box", "org.test.App").bus("tcp:host=localhost").open());
                    refused(() -> berth.attach("/io/berth/Helper1/servers/nobody").setAccess(List.of()));
                    refused(() -> berth.server("org.test.Box", "org.test.App").unrestricted().allow(RuleText.parse("--see=a.b")).open());
                }
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        }
    }

    private static void wholeLife(BerthClient berth) {
        try (ContainerServer server = berth.server("org.test.Box", "org.test.App").metadata("Instance", 7)
                .allow(RuleText.parse("--talk=org.test.Foo")).open()) {
            ServerStatus status = server.status();
            System.out.println(status.state() + " " + status.bus() + " " + status.allow() + " " + status.metadata());
            server.addAccess(List.of(RuleText.parse("--see=org.test.Bar")));
            System.out.println(server.status().allow());
            server.removeAccess(List.of(RuleText.parse("--talk=org.test.Foo")));
            System.out.println(server.status().allow());
            server.setAccess(List.of());
            System.out.println(server.status().allow());
            try (BerthClient second = BerthClient.connect()) {
                ContainerServer seen = second.attach(server.path());
                System.out.println(seen.status().socketPath().equals(server.socketPath()));
                seen.remove();
            }
            try {
                server.remove();
            } catch (BerthException.UnknownServer gone) {
                System.out.println("gone");
            }
        }
    }

    private static String identify(BerthClient berth, String name) {
        try {
            return berth.identify(name).map(app -> app.app().toString()).orElse("unconfined");
        } catch (BerthException.NameHasNoOwner nobody) {
            return "NameHasNoOwner";
        }
    }

    private static void refused(Runnable request) {
        try {
            request.run();
            System.out.println("granted");
        } catch (BerthException refusal) {
            System.out.println(refusal.getClass().getSimpleName() + ": " + refusal.getMessage());
        }
    }
}
