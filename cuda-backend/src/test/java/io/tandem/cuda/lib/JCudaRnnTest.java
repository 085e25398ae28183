package io.tandem.cuda.lib;

import org.junit.jupiter.api.Tag;

@Tag("gpu")
class JCudaRnnTest extends RnnSemantics {

    @Override
    Rig open() {
        return Rig.real();
    }
}
