package io.tandem.cuda.lib;

import org.junit.jupiter.api.Tag;

@Tag("gpu")
class JCudaBlasTest extends BlasSemantics {

    @Override
    Rig open() {
        return Rig.real();
    }
}
