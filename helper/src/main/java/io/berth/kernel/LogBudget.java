package io.berth.kernel;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.helpers.NOPLogger;

/**
 * How much may be written to the log of what apps, services and launchers cause. journald drops what comes from a service after
 * 10,000 messages in 30 s (RateLimitBurst, journald.conf(5); where the disk has room it takes more), and then it drops everybody's.
 * So all owners together stay below that: {@value #BURST} + 30 s × {@value #PER_SECOND}. Each has a token bucket of its own, and who has
 * said much may take of what all share only while much of it is left: the first words of those who have said little come through
 * beside any number of others that never stop. What is left out is counted, and told in one line when the owner's next one is
 * written. Any thread may call.
 */
public final class LogBudget {
    /** Messages that all may cause at once. */
    static final int BURST = 6_000;
    /** And after that, per second. */
    static final int PER_SECOND = 100;
    /** Messages that one owner may cause at once. */
    static final int OWNER_BURST = 128;
    /** And after that, per second; less where there are so many owners that they would use up what all share. */
    static final int OWNER_PER_SECOND = 4;
    /** Who has used up its own burst takes nothing below this level of what all share. */
    private static final double RESERVE = 5_000;
    private static final double ONE_SECOND_NS = 1e9;

    private final LongSupplier clock;
    private double left = BURST;
    private long filledNs;
    private int owners;

    /** @param clock nanoseconds of the event loop, read when something is to be written */
    public LogBudget(LongSupplier clock) {
        this.clock = clock;
        this.filledNs = clock.getAsLong();
    }

    /** @param owner as lines about it begin, such as {@code server 3} */
    public synchronized Account open(String owner) {
        owners++;
        return new Account(owner);
    }

    private double ownersRate() {
        return Math.min(OWNER_PER_SECOND, PER_SECOND * 0.8 / Math.max(1, owners));
    }

    /** What one owner may cause. */
    public final class Account {
        private final String owner;
        private double mine = OWNER_BURST;
        private long filledNs = clock.getAsLong();
        private long leftOut;

        private Account(String owner) {
            this.owner = owner;
        }

        /** @param messages that are to be written now. @return whether they may be; nothing is counted when not */
        public boolean take(int messages) {
            synchronized (LogBudget.this) {
                long now = clock.getAsLong();
                left = Math.min(BURST, left + Math.max(0, now - LogBudget.this.filledNs) / ONE_SECOND_NS * PER_SECOND);
                LogBudget.this.filledNs = now;
                mine = Math.min(OWNER_BURST, mine + Math.max(0, now - filledNs) / ONE_SECOND_NS * ownersRate());
                filledNs = now;
                if (mine < messages || left - messages < RESERVE * (OWNER_BURST - mine) / OWNER_BURST) {
                    return false;
                }
                mine -= messages;
                left -= messages;
                return true;
            }
        }

        /** The logger for one line, or one that swallows and counts it. */
        public Logger to(Logger log) {
            return to(log, 1);
        }

        /** @param messages that it makes, with a stack trace */
        public Logger to(Logger log, int messages) {
            if (!take(messages)) {
                leaveOut(1);
                return NOPLogger.NOP_LOGGER;
            }
            tellLeftOut(log);
            return log;
        }

        /** Counts what nobody is told. */
        public void leaveOut(long count) {
            synchronized (LogBudget.this) {
                leftOut += count;
            }
        }

        /** In one line, if there is anything to tell. */
        public void tellLeftOut(Logger log) {
            long count;
            synchronized (LogBudget.this) {
                if (leftOut == 0 || !take(1)) {
                    return;
                }
                count = leftOut;
                leftOut = 0;
            }
            log.info("{}: {} more lines were left out, repeated ones or more than its share", owner, count);
        }

        /** The owner has gone: tells what was left out, and there is room for its last lines. Once. */
        public void close(Logger log) {
            synchronized (LogBudget.this) {
                owners--;
                mine = OWNER_BURST;
            }
            tellLeftOut(log);
        }
    }
}
