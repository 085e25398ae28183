package io.tandem.cuda.driver;

/** Captured work, ready to be launched as one unit. It holds the addresses and values seen while capturing. */
public interface CudaGraph extends AutoCloseable {

    /**
     * Runs the captured work once, after what the stream holds and before what it gets later.
     *
     * @param stream any stream of the same driver; a graph never runs beside itself
     */
    void launch(CudaStream stream);

    /** Number of operations that were captured; 0 where the driver does not tell. */
    int size();

    /** Releases the graph. Its launches must have ended. Closing twice does nothing. */
    @Override
    void close();
}
