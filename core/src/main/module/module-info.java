/** Tandem's core: tensors, graphs, autodiff, layers, training, and the contract of a backend. */
module io.tandem.core {
    requires com.fasterxml.jackson.core;
    requires com.google.protobuf;
    requires org.apache.commons.csv;
    requires org.slf4j;
    requires static org.jspecify;

    exports io.tandem.autodiff;
    exports io.tandem.backend;
    exports io.tandem.compile;
    exports io.tandem.data;
    exports io.tandem.graph;
    exports io.tandem.io;
    exports io.tandem.nn;
    exports io.tandem.onnx;
    exports io.tandem.optim;
    exports io.tandem.reference;
    exports io.tandem.search;
    exports io.tandem.tensor;
    exports io.tandem.train;

    uses io.tandem.backend.Backend;
}
