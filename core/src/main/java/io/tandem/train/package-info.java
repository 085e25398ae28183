/** Training: state on a device, the step as one program, the loop around it, metrics and callbacks. */
package io.tandem.train;
