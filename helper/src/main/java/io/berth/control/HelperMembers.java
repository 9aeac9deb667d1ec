package io.berth.control;

import io.berth.api.AccessRule;
import io.berth.api.AppId;
import io.berth.api.NameGrammar;
import io.berth.kernel.PeerCredentials;
import io.berth.policy.LabelPolicy;
import io.berth.server.Caller;
import io.berth.server.CloseReason;
import io.berth.server.ConfinedIdentity;
import io.berth.server.Creator;
import io.berth.server.Registry;
import io.berth.server.ServerInfo;
import io.berth.server.ServerSpec;
import io.berth.transport.ReceivedFds;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/** What the methods of {@code io.berth.Helper1} do: decode and check their arguments, then call the registry. */
final class HelperMembers {
    private final Registry registry;
    private final CreatorWatcher creators;
    private final ControlSettings settings;
    private final AccessArgument access;

    HelperMembers(Registry registry, CreatorWatcher creators, ControlSettings settings) {
        this.registry = registry;
        this.creators = creators;
        this.settings = settings;
        this.access = new AccessArgument(settings.rulesPerServer());
    }

    List<Member> members() {
        return List.of(
                new Member("AddContainerServer", "ssa{sv}a{sv}", "oays", this::addContainerServer),
                new Member("RemoveContainerServer", "o", "", call ->
                        done(registry.remove(serverId(call), CloseReason.REMOVED))),
                new Member("StopListening", "o", "", call -> done(registry.stopListening(serverId(call)))),
                new Member("SetContainerAccess", "oa(usos)", "", call ->
                        done(registry.setAccess(serverId(call), access.read(call.argument(1))))),
                new Member("AddAccess", "oa(usos)t", "", this::addAccess),
                new Member("RemoveAccess", "oa(usos)", "", call ->
                        done(registry.removeAccess(serverId(call), access.read(call.argument(1))))),
                new Member("SetMode", "os", "", call ->
                        done(registry.setMode(serverId(call), NamedArguments.mode(call.argument(1))))),
                new Member("AddCgroup", "os", "", call -> done(registry.addCgroup(serverId(call), call.argument(1)))),
                new Member("AddProcess", "oh", "", call ->
                        done(registry.addProcess(serverId(call), ReceivedFds.take(call.argument(1))))),
                new Member("SetContainerPolicy", "os", "", call -> done(registry.setPolicy(serverId(call), call.argument(1)))),
                new Member("GrantAccess", "oa(usos)", "", call -> {
                    String server = serverId(call);
                    List<AccessRule> rules = access.read(call.argument(1));
                    return done(creators.identify(call.sender()).thenCompose(by -> registry.grantAccess(server, rules, by)));
                }),
                new Member("RevokeAccess", "oa(usos)", "", call ->
                        done(registry.revokeAccess(serverId(call), access.read(call.argument(1)), new Caller(call.sender(), 0)))),
                new Member("BindMount", "oa{sv}ay", "", this::bindMount),
                new Member("Unmount", "oa{sv}ay", "", this::unmount),
                new Member("GetConnectionInstance", "s", "oa{sv}ssa{sv}", call ->
                        identify(call, "session", false).thenApply(HelperMembers::instance)),
                new Member("GetConnectionInstanceOnBus", "ss", "oa{sv}ssa{sv}", call ->
                        identify(call, call.text(1), false).thenApply(HelperMembers::instance)),
                new Member("GetInstanceInfo", "o", "a{sv}ssa{sv}", call -> registry.get(serverId(call)).thenApply(server ->
                        new Answer(server.creator().credentials(), server.type(), server.appId(), server.metadata()))),
                new Member("GetConnectionCredentials", "s", "a{sv}", call ->
                        identify(call, "session", true).thenApply(HelperMembers::credentials)),
                new Member("GetConnectionCredentialsOnBus", "ss", "a{sv}", call ->
                        identify(call, call.text(1), true).thenApply(HelperMembers::credentials)));
    }

    Map<String, Variant<?>> properties() {
        Map<String, UInt32> limits = new LinkedHashMap<>();
        settings.limits().forEach((name, value) -> limits.put(name, new UInt32(Math.min(value, 0xffffffffL))));
        Map<String, Variant<?>> values = new LinkedHashMap<>();
        values.put("Version", new Variant<>(settings.version(), "s"));
        values.put("SupportedArguments", new Variant<>(NamedArguments.supported(), "as"));
        values.put("Limits", new Variant<>(limits, "a{su}"));
        return values;
    }

    private CompletableFuture<Answer> addContainerServer(IncomingCall call) {
        AppId app = new AppId(call.text(0), call.text(1));
        Map<String, Variant<?>> metadata = call.argument(2);
        Metadata.check(metadata, settings.metadataBytes());
        NamedArguments arguments = NamedArguments.read(call.argument(3), access);
        return compile(arguments.policy(), app).thenCompose(labels -> creators.watch(call.sender())
                .thenCompose(creator -> add(app, metadata, arguments, labels, creator)))
                .thenApply(server -> new Answer(new DBusPath(ServerPath.of(server.id())),
                        ServerProperties.bytes(server.socketPath()), server.address()));
    }

    private CompletableFuture<Optional<LabelPolicy>> compile(Optional<String> policy, AppId app) {
        return policy.map(text -> registry.compilePolicy(text, app).thenApply(Optional::of))
                .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()));
    }

    private CompletableFuture<ServerInfo> add(AppId app, Map<String, Variant<?>> metadata, NamedArguments arguments,
            Optional<LabelPolicy> labels, Creator creator) {
        ServerSpec spec = new ServerSpec(app.type(), app.id(), metadata, creator, arguments.bus(), arguments.allow(), labels,
                arguments.unrestricted(), arguments.allowHostEscape(), arguments.mode(),
                arguments.takeSocket(), arguments.takeConnector(), arguments.takeLifetime());
        return registry.add(spec).whenComplete((server, failure) -> {
            if (failure == null) {
                creators.onServerMade(creator.uniqueName());
            } else {
                creators.unwatch(creator.uniqueName());
            }
        });
    }

    private CompletableFuture<Answer> addAccess(IncomingCall call) {
        String server = serverId(call);
        List<AccessRule> rules = access.read(call.argument(1));
        UInt64 duration = call.argument(2);
        if (duration.longValue() == 0) {
            return done(registry.addAccess(server, rules));
        }
        return done(creators.identify(call.sender()).thenCompose(by -> registry.addTimedAccess(server, rules, duration.longValue(), by)));
    }

    private CompletableFuture<Answer> bindMount(IncomingCall call) {
        NamespaceArgument namespace = NamespaceArgument.readOne(call.argument(1));
        String target = PathArgument.readTarget(call.argument(2));
        String server = serverId(call);
        return done(registry.bindMount(server, namespace.take().orElseThrow(), target, namespace.hideDirectory()));
    }

    private CompletableFuture<Answer> unmount(IncomingCall call) {
        NamespaceArgument namespace = NamespaceArgument.readAny(call.argument(1));
        Optional<String> target = PathArgument.isEmpty(call.argument(2)) ? Optional.empty()
                : Optional.of(PathArgument.readTarget(call.argument(2)));
        String server = serverId(call);
        return done(registry.unmount(server, namespace.take(), target));
    }

    private CompletableFuture<ConfinedIdentity> identify(IncomingCall call, String bus, boolean wantProcessFd) {
        return registry.identify(bus, NameGrammar.checkBusName(call.argument(0)), wantProcessFd);
    }

    private static Answer instance(ConfinedIdentity identity) {
        ServerInfo server = identity.server();
        return new Answer(new DBusPath(ServerPath.of(server.id())), server.creator().credentials(), server.type(),
                server.appId(), server.metadata());
    }

    /** Names and forms as in the bus driver's GetConnectionCredentials (D-Bus Specification). */
    private static Answer credentials(ConfinedIdentity identity) {
        PeerCredentials peer = identity.credentials();
        Map<String, Variant<?>> values = new LinkedHashMap<>();
        values.put("UnixUserID", new Variant<>(new UInt32(Integer.toUnsignedLong(peer.uid())), "u"));
        List<UInt32> groups = IntStream.concat(IntStream.of(peer.gid()), Arrays.stream(peer.groups()))
                .mapToLong(Integer::toUnsignedLong).distinct().sorted().mapToObj(UInt32::new).toList();
        values.put("UnixGroupIDs", new Variant<>(groups, "au"));
        if (peer.pid() > 0) {
            values.put("ProcessID", new Variant<>(new UInt32(peer.pid()), "u"));
        }
        if (peer.pidFd() >= 0) {
            values.put("ProcessFD", new Variant<>(ReceivedFds.own(peer.pidFd()), "h"));
        } else {
            values.put("ProcessIDUnverified", new Variant<>(true, "b"));
        }
        if (peer.label().length > 0) {
            values.put("LinuxSecurityLabel", new Variant<>(Arrays.copyOf(peer.label(), peer.label().length + 1), "ay"));
        }
        return new Answer(values);
    }

    private static String serverId(IncomingCall call) {
        return ServerPath.id(call.text(0));
    }

    static CompletableFuture<Answer> done(CompletableFuture<Void> work) {
        return work.thenApply(nothing -> Answer.EMPTY);
    }
}
