package io.berth.server;

import io.berth.api.AccessRule;
import java.util.List;
import java.util.Map;

/**
 * What a server looks like at one moment; safe to hand to any thread.
 *
 * @param id                the last element of its object path
 * @param createdUs         microseconds since the epoch
 * @param allow             base rules
 * @param timed             rules that go by themselves
 * @param grants            rules that services have granted
 * @param policy            text of the label policy, exactly as it was given; empty when there is none
 * @param connections       unique names of its clients
 * @param cgroups           absolute paths of its cgroups that are not over
 * @param mounts            where its socket is mounted
 * @param messagesForwarded in either direction
 * @param messagesDenied    in either direction
 */
public record ServerInfo(String id, String type, String appId, Map<String, ?> metadata, Creator creator, String bus,
        String socketPath, String address, ServerState state, List<AccessRule> allow, List<TimedRule> timed, List<AccessRule> grants,
        String policy, boolean unrestricted,
        Mode mode, List<String> connections, List<String> cgroups, List<MountInfo> mounts, long createdUs, long messagesForwarded, long messagesDenied) {
}
