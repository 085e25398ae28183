package io.tandem.cuda.lib;

import org.junit.jupiter.api.Tag;

@Tag("gpu")
class JCudaDnnTest extends DnnSemantics {

    @Override
    Rig open() {
        return Rig.real();
    }

    @Override
    double slack() {
        return 20;
    }
}
