package io.berth.policy.apparmor;

import java.util.Arrays;

/**
 * Sets of rules, each with a number that stays its own until all are forgotten, and what sets have in common, found once.
 * Owned by one thread.
 */
final class RuleSets {
    /** The number of the empty set. */
    static final int NONE = 0;
    /** Of a set's number: there are fewer sets than longs in them, and a query adds no more than twelve. */
    private static final int BITS = 21;

    /** The verdict of the rules of a set. */
    interface Judge {
        /** @param rules one bit for each rule, the first in the lowest bit of {@code rules[from]} */
        RuleVerdict judge(long[] rules, int from);
    }

    private final int words;
    private final Judge judge;
    private final int maxLongs;
    private long[] bits;
    private RuleVerdict[] verdicts = new RuleVerdict[16];
    private int sets;
    /** Numbers plus one by the hash of the set, open addressing. */
    private int[] table = new int[32];
    /** A pair of numbers, above the number of what they have in common; open addressing, 0 is a free place. */
    private long[] pairs = new long[64];
    private int pairsUsed;
    private final long[] scratch;
    private int timesForgotten = -1;

    /** @param maxLongs how much to remember before it is time to forget; at most 1 << 20 */
    RuleSets(int rules, Judge judge, int maxLongs) {
        this.words = Math.max(1, (rules + 63) / 64);
        this.judge = judge;
        this.maxLongs = maxLongs;
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
        if (a == b) {
            return a;
        }
        long pair = a < b ? (long) a << BITS | b : (long) b << BITS | a;
        long known = pairs[pairPlace(pair)];
        if (known != 0) {
            return (int) known & (1 << BITS) - 1;
        }
        for (int i = 0; i < words; i++) {
            scratch[i] = bits[a * words + i] & bits[b * words + i];
        }
        int number = number(scratch);
        if (++pairsUsed * 2 > pairs.length) {
            growPairs();
        }
        pairs[pairPlace(pair)] = pair << BITS | number;
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
        return sets * words > maxLongs || pairsUsed > maxLongs / 2;
    }

    /** How often all was forgotten. */
    int timesForgotten() {
        return timesForgotten;
    }

    /** All numbers but that of the empty set are void. */
    void forget() {
        sets = 0;
        pairsUsed = 0;
        Arrays.fill(table, 0);
        Arrays.fill(pairs, 0);
        timesForgotten++;
        Arrays.fill(scratch, 0);
        number(scratch);
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

    /** Where a pair is, or a free place. Different numbers make no pair that is 0. */
    private int pairPlace(long pair) {
        int place = spread(pair) & pairs.length - 1;
        while (pairs[place] != 0 && pairs[place] >>> BITS != pair) {
            place = place + 1 & pairs.length - 1;
        }
        return place;
    }

    private void growPairs() {
        long[] old = pairs;
        pairs = new long[old.length * 2];
        for (long entry : old) {
            if (entry != 0) {
                pairs[pairPlace(entry >>> BITS)] = entry;
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
