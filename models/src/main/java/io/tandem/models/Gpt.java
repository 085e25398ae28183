package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Embedding;
import io.tandem.nn.FeedForward;
import io.tandem.nn.Initializer;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.LayerNorm;
import io.tandem.nn.MultiHeadAttention;
import io.tandem.nn.PositionalEncoding;
import io.tandem.nn.Sequential;
import io.tandem.nn.TransformerBlock;

/**
 * A decoder-only Transformer for language (GPT-2; Radford et al., 2019): token vectors and learned positions, pre-norm
 * blocks of causal self-attention, a norm, and logits by the token vectors themselves. From tokens [N, T] of int32 or
 * int64, T up to the context, to the logits of each next token [N, T, tokens].
 *
 * <p>Weights start as normal numbers of deviation 0.02, those that lead back to the residual stream divided by the root
 * of the number of such layers.
 *
 * @param config sizes
 * @param tokens vectors of tokens, used at both ends
 * @param positions vectors of positions
 * @param dropout of their sum, in training
 * @param blocks the blocks
 * @param norm norm of the result
 */
public record Gpt(
        Config config, Embedding tokens, PositionalEncoding positions, Dropout dropout, Sequential blocks,
        LayerNorm norm)
        implements Layer {
    /**
     * Sizes of a model.
     *
     * @param vocabulary number of tokens
     * @param context largest number of tokens that are seen at once
     * @param layers number of blocks
     * @param heads heads of attention, a divisor of the width
     * @param width size of a token's vector
     * @param dropout rate of dropout everywhere, 0 for none
     */
    public record Config(int vocabulary, int context, int layers, int heads, int width, double dropout) {
        /** Checks the numbers. */
        public Config {
            if (vocabulary < 1 || context < 1 || layers < 1 || heads < 1 || width < 1 || width % heads != 0
                    || !(dropout >= 0 && dropout < 1)) {
                throw new IllegalArgumentException(
                        ("GPT: vocabulary, context, layers, heads and width must be at least 1, the width divide into the"
                                + " heads, and dropout be from 0 to below 1, got %d, %d, %d, %d, %d and %s")
                                .formatted(vocabulary, context, layers, heads, width, dropout));
            }
        }

        /** 4 layers, 4 heads, width 128, context 64, no dropout: what two CPU cores train in minutes. */
        public static Config small(int vocabulary) {
            return new Config(vocabulary, 64, 4, 4, 128, 0);
        }

        /** With another context. */
        public Config withContext(int tokens) {
            return new Config(vocabulary, tokens, layers, heads, width, dropout);
        }

        /** With another depth. */
        public Config withLayers(int count) {
            return new Config(vocabulary, context, count, heads, width, dropout);
        }

        /** With another width and number of heads. */
        public Config withWidth(int size, int count) {
            return new Config(vocabulary, context, layers, count, size, dropout);
        }

        /** With dropout. */
        public Config withDropout(double rate) {
            return new Config(vocabulary, context, layers, heads, width, rate);
        }
    }

    /** A model of the given sizes. */
    public static Gpt of(Config config) {
        Initializer normal = Initializers.normal(0, 0.02);
        return new Gpt(
                config,
                Embedding.of(config.vocabulary(), config.width()).withWeights(normal),
                PositionalEncoding.learned(config.context(), normal),
                Dropout.of(config.dropout()),
                Sequential.repeat(config.layers(), () -> block(config)),
                LayerNorm.of());
    }

    private static TransformerBlock block(Config config) {
        int width = config.width();
        Initializer normal = Initializers.normal(0, 0.02);
        Initializer residual = Initializers.normal(0, 0.02 / Math.sqrt(2 * config.layers()));
        Dropout dropout = Dropout.of(config.dropout());
        Dense in = Dense.of(width).withWeights(normal);
        MultiHeadAttention attention = new MultiHeadAttention(
                config.heads(),
                true,
                in,
                in.withWeights(normal),
                in.withWeights(normal),
                Dense.of(width).withWeights(residual),
                dropout);
        FeedForward feedForward = new FeedForward(
                Dense.of(4 * width).withWeights(normal),
                Activation.gelu(),
                dropout,
                Dense.of(width).withWeights(residual));
        return new TransformerBlock(attention, LayerNorm.of(), feedForward, LayerNorm.of(), dropout, true);
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor start = dropout.apply(positions.apply(tokens.apply(x)));
        return tokens.scores(norm.apply(blocks.apply(start)));
    }
}
