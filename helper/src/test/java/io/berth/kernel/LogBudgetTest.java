package io.berth.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogBudgetTest {
    private static final long SECOND = 1_000_000_000;
    /** As journald counts: RateLimitBurst of journald.conf(5) in RateLimitIntervalSec. */
    private static final int JOURNALD_BURST = 10_000;
    private static final int JOURNALD_SECONDS = 30;

    private long nowNs = 5 * SECOND;
    private final LogBudget budget = new LogBudget(() -> nowNs);

    private List<LogBudget.Account> open(int owners) {
        List<LogBudget.Account> accounts = new ArrayList<>();
        for (int i = 0; i < owners; i++) {
            accounts.add(budget.open("server " + i));
        }
        return accounts;
    }

    /** Everybody wants as much as there is, ten times a second. @return how much they got in each second */
    private List<Integer> flood(List<LogBudget.Account> accounts, int seconds) {
        List<Integer> taken = new ArrayList<>();
        for (int second = 0; second < seconds; second++) {
            int inSecond = 0;
            for (int tenth = 0; tenth < 10; tenth++) {
                boolean more = true;
                while (more) {
                    more = false;
                    for (LogBudget.Account account : accounts) {
                        if (account.take(1)) {
                            inSecond++;
                            more = true;
                        }
                    }
                }
                nowNs += SECOND / 10;
            }
            taken.add(inSecond);
        }
        return taken;
    }

    @Test
    void oneOwner_hasABurst_andThenARate() {
        List<Integer> taken = flood(open(1), 10);
        assertEquals(LogBudget.OWNER_BURST + LogBudget.OWNER_PER_SECOND, taken.get(0), 1);
        assertEquals(LogBudget.OWNER_PER_SECOND, taken.get(9), 1);
    }

    @Test
    void manyOwners_stayTogetherBelowWhatJournaldTakes_inAnyThirtySeconds() {
        for (int owners : new int[] {10, 100, 2048}) {
            List<Integer> taken = flood(open(owners), 90);
            for (int from = 0; from + JOURNALD_SECONDS <= taken.size(); from++) {
                int sum = taken.subList(from, from + JOURNALD_SECONDS).stream().mapToInt(Integer::intValue).sum();
                assertTrue(sum < JOURNALD_BURST, owners + " owners: " + sum + " from second " + from);
            }
        }
    }

    @Test
    void firstWords_besideAnyNumberThatNeverStop_areWritten() {
        for (int owners : new int[] {1, 25, 100, 2047}) {
            LogBudget all = new LogBudget(() -> nowNs);
            List<LogBudget.Account> loud = new ArrayList<>();
            for (int i = 0; i < owners; i++) {
                loud.add(all.open("loud " + i));
            }
            for (int minute = 0; minute < 3; minute++) {
                // the first time when all have just begun
                flood(loud, minute == 0 ? 1 : 60);
                for (int other = 0; other < 20; other++) {
                    LogBudget.Account quiet = all.open("quiet");
                    // beside more than two thousand, one record: two lines
                    for (int line = 0; line < (owners <= 100 ? 8 : 2); line++) {
                        assertTrue(quiet.take(1), owners + " others, minute " + minute + ", quiet " + other + ", line " + line);
                    }
                }
            }
        }
    }

    @Test
    void whoHasBeenSilent_mayBurstAgain() {
        List<LogBudget.Account> owner = open(1);
        flood(owner, 5);
        assertFalse(owner.get(0).take(LogBudget.OWNER_BURST));
        nowNs += 60 * SECOND;
        assertTrue(owner.get(0).take(LogBudget.OWNER_BURST));
    }

    @Test
    void clockThatStands_givesNothing() {
        LogBudget.Account account = budget.open("server 1");
        assertTrue(account.take(LogBudget.OWNER_BURST));
        assertFalse(account.take(1));
        nowNs -= SECOND;
        assertFalse(account.take(1));
    }
}
