/** Pictures and tables of results: learning curves, mistakes, forecasts, confusion. */
package io.tandem.samples.plot;
