/** Native memory of the devices that compute on the CPU. */
package io.tandem.cpu.memory;
