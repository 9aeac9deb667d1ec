package io.berth.policy.apparmor;

import java.util.Arrays;

/**
 * Sets of rules, each with a number that stays its own until all are forgotten, and what sets have in common, found once.
 * Owned by one thread.
 */
final class RuleSets {
    private static final int UNKNOWN = -1;
    private static final int MAX_LONGS = 1 << 20;

    /** The verdict of the rules of a set. */
    interface Judge {
        /** @param rules one bit for each rule, the first in the lowest bit of {@code rules[from]} */
        RuleVerdict judge(long[] rules, int from);
    }

    private final int words;
    private final Judge judge;
    private long[] bits;
    private RuleVerdict[] verdicts = new RuleVerdict[16];
    private int sets;
    /** Numbers plus one by the hash of the set, open addressing. */
    private int[] table = new int[32];
    /** Pairs of numbers, the lower in the upper half, and the number of what they have in common; open addressing. */
    private long[] pairs = new long[64];
    private int[] common = new int[64];
    private int pairsUsed;
    private final long[] scratch;

    RuleSets(int rules, Judge judge) {
        this.words = Math.max(1, (rules + 63) / 64);
        this.judge = judge;
        this.bits = new long[words * 4];
        this.scratch = new long[words];
        forget();
    }

    /** How many longs a set has. */
    int words() {
        return words;
    }

    /** The number of a set. */
    int number(long[] rules) {
        int place = place(rules);
        if (table[place] != 0) {
            return table[place] - 1;
        }
        if ((sets + 1) * words > bits.length) {
            bits = Arrays.copyOf(bits, bits.length * 2);
        }
        if (sets == verdicts.length) {
            verdicts = Arrays.copyOf(verdicts, sets * 2);
        }
        System.arraycopy(rules, 0, bits, sets * words, words);
        verdicts[sets] = null;
        table[place] = ++sets;
        if (sets * 2 > table.length) {
            growTable();
        }
        return sets - 1;
    }

    /** The number of what two sets have in common. */
    int common(int a, int b) {
        long pair = a < b ? (long) a << 32 | b : (long) b << 32 | a;
        int place = pairPlace(pair);
        if (pairs[place] == pair) {
            return common[place];
        }
        for (int i = 0; i < words; i++) {
            scratch[i] = bits[a * words + i] & bits[b * words + i];
        }
        int number = number(scratch);
        if (++pairsUsed * 2 > pairs.length) {
            growPairs();
            place = pairPlace(pair);
        }
        pairs[place] = pair;
        common[place] = number;
        return number;
    }

    RuleVerdict verdict(int set) {
        RuleVerdict verdict = verdicts[set];
        if (verdict == null) {
            verdict = judge.judge(bits, set * words);
            verdicts[set] = verdict;
        }
        return verdict;
    }

    /** Whether so much is remembered that it is time to forget. */
    boolean isFull() {
        return sets * words + pairs.length > MAX_LONGS;
    }

    /** All numbers are void. */
    void forget() {
        sets = 0;
        pairsUsed = 0;
        Arrays.fill(table, 0);
        if (pairs.length > 64) {
            pairs = new long[64];
            common = new int[64];
        }
        Arrays.fill(pairs, UNKNOWN);
    }

    private int place(long[] rules) {
        int place = spread(hash(rules, 0)) & table.length - 1;
        while (table[place] != 0) {
            int from = (table[place] - 1) * words;
            if (Arrays.equals(bits, from, from + words, rules, 0, words)) {
                break;
            }
            place = place + 1 & table.length - 1;
        }
        return place;
    }

    private void growTable() {
        table = new int[table.length * 2];
        for (int set = 0; set < sets; set++) {
            int place = spread(hash(bits, set * words)) & table.length - 1;
            while (table[place] != 0) {
                place = place + 1 & table.length - 1;
            }
            table[place] = set + 1;
        }
    }

    private int pairPlace(long pair) {
        int place = spread(pair) & pairs.length - 1;
        while (pairs[place] != UNKNOWN && pairs[place] != pair) {
            place = place + 1 & pairs.length - 1;
        }
        return place;
    }

    private void growPairs() {
        long[] oldPairs = pairs;
        int[] oldCommon = common;
        pairs = new long[oldPairs.length * 2];
        common = new int[oldPairs.length * 2];
        Arrays.fill(pairs, UNKNOWN);
        for (int i = 0; i < oldPairs.length; i++) {
            if (oldPairs[i] != UNKNOWN) {
                int place = pairPlace(oldPairs[i]);
                pairs[place] = oldPairs[i];
                common[place] = oldCommon[i];
            }
        }
    }

    private long hash(long[] from, int begin) {
        long hash = 1;
        for (int i = begin; i < begin + words; i++) {
            hash = (hash ^ from[i]) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 29;
        }
        return hash;
    }

    private static int spread(long value) {
        return (int) (value * 0x9E3779B97F4A7C15L >>> 33);
    }
}
