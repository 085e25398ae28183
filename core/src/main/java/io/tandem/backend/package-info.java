/** The contract between the graph and what runs it: backends, devices, buffers, executables. */
package io.tandem.backend;
