package io.tandem.samples.plot;

import io.tandem.io.AtomicFile;
import io.tandem.tensor.NDArray;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** A picture that charts and text are drawn on and that becomes a PNG file. Needs no screen. */
final class Picture {
    static final Color INK = new Color(0x22, 0x2b, 0x3a);
    static final Color QUIET = new Color(0x6b, 0x75, 0x85);
    static final Color RIGHT = new Color(0x1b, 0x7f, 0x5c);
    static final Color WRONG = new Color(0xc2, 0x41, 0x2d);

    private final BufferedImage image;
    private final Graphics2D graphics;

    Picture(int width, int height) {
        image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, width, height);
    }

    Graphics2D graphics() {
        return graphics;
    }

    static Font font(int style, int size) {
        return new Font(Font.SANS_SERIF, style, size);
    }

    void title(String text, int x, int y) {
        text(text, x, y, INK, font(Font.BOLD, 20));
    }

    void heading(String text, int x, int y) {
        text(text, x, y, INK, font(Font.BOLD, 15));
    }

    void note(String text, int x, int y) {
        text(text, x, y, QUIET, font(Font.PLAIN, 13));
    }

    /** Draws text and returns the place after it. */
    int text(String text, int x, int y, Color color, Font font) {
        graphics.setFont(font);
        graphics.setColor(color);
        graphics.drawString(text, x, y);
        return x + graphics.getFontMetrics().stringWidth(text);
    }

    int width(String text, Font font) {
        return graphics.getFontMetrics(font).stringWidth(text);
    }

    /** The image with its smallest value black and its largest white. */
    static BufferedImage image(NDArray values) {
        int channels = values.shape().dim(0);
        int height = values.shape().dim(1);
        int width = values.shape().dim(2);
        float[] pixels = values.toFloats();
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (float pixel : pixels) {
            least = Math.min(least, pixel);
            most = Math.max(most, pixel);
        }
        float range = Math.max(most - least, 1e-6f);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < height * width; i++) {
            float[] color = new float[3];
            for (int c = 0; c < 3; c++) {
                float pixel = pixels[(channels >= 3 ? c : 0) * height * width + i];
                color[c] = Math.clamp((pixel - least) / range, 0f, 1f);
            }
            image.setRGB(i % width, i / width, new Color(color[0], color[1], color[2]).getRGB());
        }
        return image;
    }

    void draw(BufferedImage part, int x, int y) {
        graphics.drawImage(part, x, y, null);
    }

    /** Writes the PNG file; folders are made. */
    void write(Path file) {
        graphics.dispose();
        AtomicFile.write(file, out -> ImageIO.write(image, "png", out));
    }
}
