/** What is told about refusals and about what apps need. */
package io.berth.tests.audit;
