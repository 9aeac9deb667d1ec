package io.berth.server;

import io.berth.api.AuditRecord;
import io.berth.api.PrintableText;
import io.berth.kernel.Journal;
import java.util.HashMap;
import java.util.LinkedHashMap;
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
        String line = !record.line().isEmpty() ? record.line()
                : "server " + serverId + (server == null ? "" : " of " + PrintableText.of(server.appId())) + ": " + record;
        boolean written = journal.write(fields(serverId, server, record, line));
        if (!written || !journal.isStandardError()) {
            LOG.info("{}", line);
        }
    }

    private static Map<String, String> fields(String serverId, ServerInfo server, AuditRecord record, String line) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("MESSAGE", line);
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
        fields.put("BERTH_SUPPRESSED", record.suppressed() == 0 ? "" : Long.toString(record.suppressed()));
        fields.values().removeIf(String::isEmpty);
        return fields;
    }
}
