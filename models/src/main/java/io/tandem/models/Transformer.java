package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Embedding;
import io.tandem.nn.Initializers;
import io.tandem.nn.LayerNorm;
import io.tandem.nn.Network;
import io.tandem.nn.PositionalEncoding;
import io.tandem.nn.TransformerBlock;
import io.tandem.nn.TransformerDecoderBlock;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The Transformer (Vaswani et al., 2017): an encoder of self-attention blocks over the source, and a decoder of blocks that
 * attend to the target so far and to the encoder's result. Token vectors are scaled by the root of the width and get
 * sinusoidal positions. Blocks are pre-norm with a norm at the end (Xiong et al., 2020), which trains without warm-up.
 *
 * <p>Inputs: source tokens [N, S] and target tokens [N, T], int32 or int64; output: logits [N, T, target tokens]. In
 * training the target input is the true target, one position later and with a start token in front (teacher forcing);
 * {@link GreedyDecoder} feeds the model with its own output.
 *
 * @param source vectors of source tokens
 * @param target vectors of target tokens
 * @param positions tells where a token is
 * @param dropout of the token vectors, in training
 * @param encoder blocks that read the source
 * @param encoderNorm norm of the encoder's result
 * @param decoder blocks that read the target and the encoder's result
 * @param decoderNorm norm of the decoder's result
 * @param output from there to logits
 * @param padding a source token that fills up shorter sources and does not count, if there is one
 */
public record Transformer(
        Embedding source,
        Embedding target,
        PositionalEncoding positions,
        Dropout dropout,
        List<TransformerBlock> encoder,
        LayerNorm encoderNorm,
        List<TransformerDecoderBlock> decoder,
        LayerNorm decoderNorm,
        Dense output,
        Optional<Integer> padding)
        implements Network {
    /** Copies the lists. */
    public Transformer {
        encoder = List.copyOf(encoder);
        decoder = List.copyOf(decoder);
    }

    /**
     * A Transformer without padding.
     *
     * @param sourceTokens size of the source vocabulary
     * @param targetTokens size of the target vocabulary, the start token included
     * @param layers number of blocks on each side
     * @param width size of token vectors
     * @param heads number of heads, a divisor of the width
     * @param dropout rate of dropout everywhere, 0 for none
     */
    public static Transformer of(int sourceTokens, int targetTokens, int layers, int width, int heads, double dropout) {
        double deviation = 1 / Math.sqrt(width);
        return new Transformer(
                Embedding.of(sourceTokens, width).withWeights(Initializers.normal(0, deviation)),
                Embedding.of(targetTokens, width).withWeights(Initializers.normal(0, deviation)),
                PositionalEncoding.sinusoidal(),
                Dropout.of(dropout),
                Stream.generate(() -> TransformerBlock.of(width, heads).withDropout(dropout))
                        .limit(layers)
                        .toList(),
                LayerNorm.of(),
                Stream.generate(() -> TransformerDecoderBlock.of(width, heads).withDropout(dropout))
                        .limit(layers)
                        .toList(),
                LayerNorm.of(),
                Dense.of(targetTokens),
                Optional.empty());
    }

    /** This model with a source token that fills up shorter sources; the layers stay the same. */
    public Transformer withPadding(int token) {
        return new Transformer(
                source, target, positions, dropout, encoder, encoderNorm, decoder, decoderNorm, output,
                Optional.of(token));
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs) {
        Tensor tokens = inputs.get(0);
        Optional<Tensor> mask = padding.map(p -> tokens.eq(p).not());
        Tensor memory = embedded(source, tokens);
        for (TransformerBlock block : encoder) {
            Tensor x = memory;
            memory = mask.map(m -> block.apply(x, m)).orElseGet(() -> block.apply(x));
        }
        Tensor encoded = encoderNorm.apply(memory);
        Tensor y = embedded(target, inputs.get(1));
        for (TransformerDecoderBlock block : decoder) {
            Tensor x = y;
            y = mask.map(m -> block.apply(x, encoded, m)).orElseGet(() -> block.apply(x, encoded));
        }
        return List.of(output.apply(decoderNorm.apply(y)));
    }

    private Tensor embedded(Embedding table, Tensor tokens) {
        return dropout.apply(positions.apply(table.apply(tokens).mul(Math.sqrt(table.width()))));
    }
}
