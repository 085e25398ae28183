/** Device {@code cuda:N}: execution of plans on an NVIDIA GPU. */
package io.tandem.cuda;
