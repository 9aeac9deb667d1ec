/** Benchmarks of single pieces (JMH), with what they allocate. Not a test: {@code bin/bench --pieces}. */
package io.berth.tests.pieces;
