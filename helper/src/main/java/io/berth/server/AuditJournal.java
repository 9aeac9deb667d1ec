package io.berth.server;

import io.berth.api.AppId;
import io.berth.api.AuditRecord;
import io.berth.api.PrintableText;
import io.berth.kernel.Journal;
import io.berth.policy.apparmor.AuditLine;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes audit records down: as entries of the journal, where there is one, and as lines on standard error, unless that is the
 * journal too. An app's words are in fields of their own; in lines they cannot begin another one. Loop thread.
 */
public final class AuditJournal implements RegistryListener {
    /** By which entries of this kind are found (systemd.journal-fields(7)); made once with journalctl --new-id128. */
    static final String MESSAGE_ID = "b9c1f6a2d7e04b58a3f5c6e81d20497e";
    /** Of syslog(3). */
    private static final String NOTICE = "5";
    private static final String INFO = "6";
    private static final Logger LOG = LoggerFactory.getLogger(AuditJournal.class);

    /** As AppArmor's lines call them, in the order of their numbers in messages. */
    private static final List<String> MESSAGE_TYPES = List.of("method_call", "method_return", "error", "signal");
    private static final String DRIVER = "org.freedesktop.DBus";

    private final Journal journal;
    private final Map<String, ServerInfo> servers = new HashMap<>();

    public AuditJournal(Journal journal) {
        this.journal = journal;
    }

    @Override
    public void onServerAdded(ServerInfo server) {
        servers.put(server.id(), server);
    }

    @Override
    public void onServerRemoved(ServerInfo server, CloseReason reason) {
        servers.remove(server.id());
    }

    @Override
    public void onAudit(String serverId, AuditRecord record) {
        ServerInfo server = servers.get(serverId);
        String apparmor = record.line().isEmpty() && server != null ? apparmorLine(server, record) : record.line();
        String text = !record.line().isEmpty() ? record.line()
                : "server " + serverId + (server == null ? "" : " of " + PrintableText.of(server.appId())) + ": " + record;
        boolean written = journal.write(fields(serverId, server, record, text, apparmor));
        if (!written || !journal.isStandardError()) {
            LOG.info("{}", text);
            if (!apparmor.isEmpty() && !apparmor.equals(text)) {
                LOG.info("{}", apparmor);
            }
        }
    }

    /** What tools that read AppArmor's lines are told of a decision by access rules; empty for what AppArmor has no word for. */
    private static String apparmorLine(ServerInfo server, AuditRecord record) {
        boolean allowed = !record.verdict().equals("denied");
        AuditLine.Side app = new AuditLine.Side(record.processId(), new AppId(server.type(), server.appId()).label(), "");
        if (record.operation().equals("own")) {
            return AuditLine.bind(allowed, record.bus(), record.name(), app);
        }
        int type = MESSAGE_TYPES.indexOf(record.operation().equals("broadcast") ? "signal" : record.operation());
        if (type < 0) {
            return "";
        }
        AuditLine.Message message = new AuditLine.Message(type + 1, record.bus(), record.path(), record.interfaceName(), record.member(), "");
        AuditLine.Side peer = new AuditLine.Side(0, record.peer().app().isEmpty() ? "" : AppId.parse(record.peer().app()).label(), "");
        return record.direction().equals("incoming") ? AuditLine.receive(allowed, message, record.name(), peer, app)
                : AuditLine.send(allowed, message, record.name().isEmpty() ? DRIVER : record.name(), app, peer);
    }

    private static Map<String, String> fields(String serverId, ServerInfo server, AuditRecord record, String text, String apparmor) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("MESSAGE", text);
        fields.put("MESSAGE_ID", MESSAGE_ID);
        fields.put("PRIORITY", record.verdict().equals("denied") ? NOTICE : INFO);
        fields.put("SYSLOG_IDENTIFIER", "berth");
        fields.put("BERTH_SERVER", serverId);
        fields.put("BERTH_APP_TYPE", server == null ? "" : server.type());
        fields.put("BERTH_APP_ID", server == null ? "" : server.appId());
        fields.put("BERTH_VERDICT", record.verdict());
        fields.put("BERTH_OPERATION", record.operation());
        fields.put("BERTH_BUS", record.bus());
        fields.put("BERTH_DIRECTION", record.direction());
        fields.put("BERTH_NAME", record.name());
        fields.put("BERTH_PEER_NAMES", String.join(" ", record.peer().names()));
        fields.put("BERTH_PEER_APP", record.peer().app());
        fields.put("BERTH_PATH", record.path());
        fields.put("BERTH_INTERFACE", record.interfaceName());
        fields.put("BERTH_MEMBER", record.member());
        fields.put("BERTH_FILE_DESCRIPTORS", record.fds() ? "yes" : "");
        fields.put("BERTH_CONNECTION", record.connection());
        fields.put("BERTH_PID", record.processId() == 0 ? "" : Integer.toString(record.processId()));
        fields.put("BERTH_RULE", record.rule());
        fields.put("BERTH_SUGGESTION", record.suggestion());
        fields.put("BERTH_APPARMOR", apparmor);
        fields.put("BERTH_SUPPRESSED", record.suppressed() == 0 ? "" : Long.toString(record.suppressed()));
        fields.values().removeIf(String::isEmpty);
        return fields;
    }
}
