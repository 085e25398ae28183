package io.tandem.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Backend;
import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The backend on any machine, with a GPU or without. */
class CudaBackendTest {

    private static Backend backend() {
        return Devices.backends().stream()
                .filter(b -> b.name().equals("cuda"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the service loader does not find the CUDA backend"));
    }

    @Test
    void isFoundAndPreferred() {
        assertTrue(backend().preference() > 0);
        assertTrue(backend().devices().stream().allMatch(d -> d.startsWith("cuda:")));
    }

    @Test
    void wrongNamesAreRefused() {
        for (String name : List.of("cuda:x", "cuda:-1", "cuda:", "cudas")) {
            DeviceException error =
                    assertThrows(DeviceException.class, () -> backend().open(name, DeviceOptions.defaults()));
            assertTrue(error.getMessage().contains("'" + name + "'"), error.getMessage());
            assertTrue(error.getMessage().contains("cuda:0"), error.getMessage());
        }
    }

    @Test
    void saysWhyThereIsNoDevice() {
        Assumptions.assumeTrue(backend().devices().isEmpty(), "this machine has a GPU");
        DeviceException error =
                assertThrows(DeviceException.class, () -> backend().open("cuda:0", DeviceOptions.defaults()));
        assertTrue(error.getMessage().startsWith("cannot use cuda:0: "), error.getMessage());
        assertFalse(error.getMessage().contains("Exception"), error.getMessage());
    }

    /** The reason that "auto" logs is the one that the error gives. */
    @Test
    void reasonComesFromTheFirstCheckThatFails() {
        Backend backend = backend();
        assertEquals(backend.devices().isEmpty(), backend.whyNoDevice().isPresent());
        backend.whyNoDevice().ifPresent(why -> {
            DeviceException error =
                    assertThrows(DeviceException.class, () -> backend.open("cuda:0", DeviceOptions.defaults()));
            assertEquals("cannot use cuda:0: " + why, error.getMessage());
        });
    }

    @Test
    void settingsAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> CudaSettings.defaults().withBlasWorkspace(0));
    }
}
