/**
 * The programs of the tutorial, docs/tutorial.md: its code blocks are the marked regions of these files, word for word.
 */
package io.tandem.samples.tutorial;
