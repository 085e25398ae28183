/** Architectures as records of layers. */
module io.tandem.models {
    requires transitive io.tandem.core;
    requires static org.jspecify;

    exports io.tandem.models;
    exports io.tandem.models.classic;
    exports io.tandem.models.playground;
}
