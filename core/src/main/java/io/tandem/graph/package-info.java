/** The typed graph: operations, shape rules, text forms, and the composites with their definitions. */
package io.tandem.graph;
