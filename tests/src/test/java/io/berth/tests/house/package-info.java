/** Real buses, the real daemon and other people's programs, started for one test class and gone after it. */
package io.berth.tests.house;
